/* segment.h: an attached segment made callable. Its memory is never JavaScript's: bytes are copied to and from a buffer. */
#ifndef ISTHMUS_ADDON_SEGMENT_H
#define ISTHMUS_ADDON_SEGMENT_H

#include "addon.h"

/* Makes the JavaScript object of attached memory, which it owns from then on, even if it fails (NULL, and an exception).
 * `bytes`: of the struct. */
napi_value segment_object(napi_env env, isth_segment *memory, size_t bytes);

#endif
