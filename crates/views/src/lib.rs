//! Every page: a typed context each, templates, assets, translations. Context in, string out.
