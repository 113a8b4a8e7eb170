#ifndef CURVESHIM_SHIM_LASTING_DESCRIPTOR_H
#define CURVESHIM_SHIM_LASTING_DESCRIPTOR_H

/* Makes what fd stands for outlive every other descriptor of a process that is killed: a copy of it
 * is kept in flight in a socket, from where the kernel drops it after all else. (The kernel drops
 * descriptors one by one, from the highest number down, and an inotify one takes it up to tens of
 * milliseconds; meanwhile peers would go on sending to connections that nobody reads any more.)
 * Returns the socket, close-on-exec and of no low number, which is to be closed with fd; -1 where
 * that is not to be had. */
int lasting_descriptor(int fd);

#endif
