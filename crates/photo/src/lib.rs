//! From uploaded bytes to stored variants and back to nothing: image steps, object stores, lifecycle, sweep.
