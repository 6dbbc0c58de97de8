//! From uploaded bytes to stored variants and back to nothing.
//!
//! | module | what it is for |
//! |---|---|
//! | [`image`] | the named steps that turn hostile bytes into small, clean JPEG squares |
//! | [`pool`] | where those steps run: few threads, a short queue, a memory budget |
//! | [`key`] | the names of stored objects |
//! | [`objects`] | [`objects::ObjectStore`] and its two forms, disk and Google Cloud Storage; the named stores |
//! | [`lifecycle`] | row, objects, one transaction: a photo becomes current, the old one is queued for deletion |
//! | [`gallery`] | galleries of organizations: which pictures are in them, wait for them, in which order |
//! | [`deletions`] | the worker that empties that queue |
//! | [`sweep`] | gives up what nobody finished, compares rows and objects now and then |
//! | [`verify`] | finds what no row names, and rows whose objects are lost; mends |
//! | [`import`] | picture files that are there already |
//! | [`migrate`] | every picture of one store into another |
//! | [`backup`] | pictures and rows together in one folder, and back |
//! | `installation` | which installation a store belongs to: the sweep deletes nothing in another's |
//! | [`import_url`] | a picture from an address instead of a file |
//! | `admission` | who may send a photo now: few bodies in memory, two of one person |
//! | [`admin`] | what administrators see and do, for their routes and for commands |
//! | [`gauges`], `tally` | metrics of what is stored and waits; uploads that came to nothing, counted by cause |
//! | [`initials`] | the picture of people without one |
//! | `logo` | clients' logos, made anew |
//! | `routes` | the profile photo API, the account page's upload, galleries, `/media/` |

pub mod admin;
mod admission;
pub mod backup;
pub mod deletions;
pub mod gallery;
pub mod gauges;
pub mod image;
pub mod import;
pub mod import_url;
pub mod initials;
mod installation;
pub mod key;
pub mod lifecycle;
mod logo;
pub mod migrate;
pub mod objects;
pub mod pool;
mod routes;
mod state;
pub mod sweep;
mod tally;
pub mod verify;

pub use routes::routes;
pub use state::{OpenError, Settings, State};
