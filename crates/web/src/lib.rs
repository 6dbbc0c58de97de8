//! The actix glue all rooms share: extractors, CSRF, cookies, headers, limits, errors to answers, Next, paths.
