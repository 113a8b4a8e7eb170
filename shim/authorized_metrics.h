#ifndef CURVESHIM_SHIM_AUTHORIZED_METRICS_H
#define CURVESHIM_SHIM_AUTHORIZED_METRICS_H

#include "shim/certdir.h"

/* What the metrics tell of the set of keys. Only for the thread that may change the directories;
 * takes no lock, and costs nothing unless something has changed or expired since the last call. */
void authorized_measure(const struct certdir *authorised, const struct certdir *revoked);

#endif
