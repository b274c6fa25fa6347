/* Generated from package.json by `npm run gen`, do not edit. */
/* version.h: the version of this library. Two sides need not have the same one, only the same ISTH_PROTOCOL_VERSION. */
#ifndef ISTHMUS_VERSION_H
#define ISTHMUS_VERSION_H

#define ISTH_VERSION "0.1.0"
#define ISTH_VERSION_MAJOR 0
#define ISTH_VERSION_MINOR 1
#define ISTH_VERSION_PATCH 0

#endif
