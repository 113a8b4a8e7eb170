"""The calls that no scenario reaches, or makes fail, and why. {(called, by): reason}"""

CLOSES = "it closes: whatever it says, the descriptor is gone"

REASONS = {
    ("syscall", "certdir_names_open"): CLOSES,
    ("syscall", "close_all"): CLOSES,
    ("syscall", "close_unseen"): CLOSES,
    ("syscall", "touch"): CLOSES,
    ("syscall", "wake_close"): CLOSES,
    ("syscall", "wake_open"): CLOSES,
    ("nanosleep", "bindings_find"):
        "a client that comes in the moment between a listener's start and the end of its bind",
    ("unlinkat", "create"): "a file that an earlier process of the same number left half written",
    ("openat64", "create"): "a file that an earlier process of the same number left half written",
    ("stat64", "has_threads"):
        "only in the child of a fork, of which faults are not told: tests/contract/test_forks.py",
    ("fstat64", "is_ours"): "only in the child of a fork, and at a close of all descriptors",
    ("access", "is_there"): "for sockets that never connect again: tests/contract/test_server_rotation.py",
    ("utimensat", "metrics_file_touch"): "only a minute after the file was last written",
    ("open64", "open_directory"): "only a minute after a file of metrics was last written",
    ("faccessat", "is_in_sight"):
        "a second pair that is there and out of reach: tests/contract/test_server_rotation.py",
    ("syscall", "observer_clock_wake"):
        "it wakes a thread that has slept since the last handshake; what it asks cannot fail",
}
