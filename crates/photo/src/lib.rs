//! From uploaded bytes to stored variants and back to nothing.
//!
//! | module | what it is for |
//! |---|---|
//! | [`image`] | the named steps that turn hostile bytes into small, clean JPEG squares |
//! | [`pool`] | where those steps run: few threads, a short queue, a memory budget |
//! | [`objects`] | [`objects::ObjectStore`] and its two forms, disk and Google Cloud Storage; the named stores |

pub mod image;
pub mod key;
pub mod objects;
pub mod pool;
