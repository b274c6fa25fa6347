/*
 * isthmus.h: shared-memory calls between processes. Include this one.
 *
 * Functions return 0 or a negative ISTH_E_ error unless they say otherwise; isth_error_message() explains one.
 * Sizes are in bytes, times in ns. Names that begin with isth__ are internal.
 */
#ifndef ISTHMUS_ISTHMUS_H
#define ISTHMUS_ISTHMUS_H

#include <isthmus/bytes.h>
#include <isthmus/checks.h>
#include <isthmus/client.h>
#include <isthmus/errors.h>
#include <isthmus/message.h>
#include <isthmus/region.h>
#include <isthmus/segment.h>
#include <isthmus/service.h>
#include <isthmus/types.h>
#include <isthmus/version.h>

#endif
