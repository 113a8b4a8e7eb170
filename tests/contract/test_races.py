"""What the harness makes of ThreadSanitizer's reports: a race inside of the library fails a test, one
of the program's own does not."""

import subprocess

import pytest

from harness import findings, races

SOURCE = """
    #include <pthread.h>
    static long counted, locked;
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static void *count(void *unused) {
        for (int n = 0; n < 100000; n++) {
            if (RACES) counted++;
            pthread_mutex_lock(&lock); locked++; pthread_mutex_unlock(&lock);
        }
        return unused;
    }
    __attribute__((visibility("default"))) void run(void) {
        pthread_t threads[2];
        for (int n = 0; n < 2; n++) pthread_create(&threads[n], 0, count, 0);
        for (int n = 0; n < 2; n++) pthread_join(threads[n], 0);
    }
"""


PROGRAM = "void run(void); int main(void) { run(); }"


@pytest.fixture
def reported(tmp_path):
    def compiled(name, *arguments):
        subprocess.run(["gcc", "-x", "c", "-g", "-fsanitize=thread", "-o", tmp_path / name, "-",
                        f"-Wl,-rpath,{tmp_path}", *arguments], check=True, text=True,
                       input=SOURCE if name.endswith(".so") else PROGRAM)

    def reports(library, racing):
        compiled(library, "-shared", "-fPIC", f"-DRACES={racing}")
        compiled("program", "-x", "none", tmp_path / library)
        subprocess.run([tmp_path / "program"], check=False,
                       env={"TSAN_OPTIONS": f"log_path={tmp_path}/report"})
        return [path.read_text() for path in tmp_path.glob("report.*")], findings.of_the_shim(tmp_path, races)
    return reports


def test_a_race_of_the_library_counts(reported):
    written, counting = reported("libcurveshim.so", 1)
    assert written and "counted" in "".join(counting) and "locked" not in "".join(counting)


def test_where_none_is_nothing_counts(reported):
    assert reported("libcurveshim.so", 0) == ([], [])


def test_a_race_of_anything_else_does_not_count(reported):
    written, counting = reported("libother.so", 1)
    assert written and counting == []
