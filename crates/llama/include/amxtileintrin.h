// GCC's header of this name says that loading a configuration of tiles reads eight bytes of it.
// It reads 64. So the compiler is free to drop what is written to the others, and version 12 does
// so in llama.cpp: the first use of a tile is then an illegal instruction, on every processor
// that has tiles (AMX). This stands before that header, includes it, and says what is true.
// docs/decisions/0004-embedded-inference.md

#pragma once

#include_next <amxtileintrin.h>

#undef _tile_loadconfig
#define _tile_loadconfig(config) \
    __asm__ volatile("ldtilecfg %0" : : "m"(*(const char(*)[64])(config)))
