//! Embedded inference: llama.cpp in a child process of its own.
