//! Every page in every language, with ordinary and with hostile content.
