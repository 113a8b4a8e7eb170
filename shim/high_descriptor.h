#ifndef CURVESHIM_SHIM_HIGH_DESCRIPTOR_H
#define CURVESHIM_SHIM_HIGH_DESCRIPTOR_H

/* Moves a descriptor, close-on-exec, to a number that programs do not count on. Returns the new
 * number, or fd itself where there is no room. */
int high_descriptor(int fd);

#endif
