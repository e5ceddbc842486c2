//! The key that was probably meant.

/// How alike two names must be, from 0 to 1, before one is suggested for the other.
const LIKENESS: f64 = 0.75;

/// The known key nearest to `given`: the one whose last part is the same, or else the most alike in spelling.
pub(crate) fn nearest<'a>(given: &str, known: impl Iterator<Item = &'a str> + Clone) -> Option<&'a str> {
    let last = |path: &str| path.rsplit('.').next().map(str::to_owned);
    let wanted = last(given);
    let same_name: Vec<&str> = known.clone().filter(|path| last(path) == wanted).collect();
    if let [only] = same_name.as_slice() {
        return Some(only);
    }
    // A wrong section and a misspelt name are both common, so the whole path and its last part both count.
    let likeness = |path: &str| {
        let whole = strsim::jaro_winkler(given, path);
        let name = match (&wanted, last(path)) {
            (Some(wanted), Some(name)) => strsim::normalized_damerau_levenshtein(wanted, &name),
            _ => 0.0,
        };
        whole.max(name)
    };
    known
        .map(|path| (likeness(path), path))
        .filter(|(likeness, _)| *likeness >= LIKENESS)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, path)| path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_meant() {
        let known =
            ["listen", "log.level", "log.format", "upstream.connect_timeout_ms", "upstream.idle_timeout_ms"];
        for (given, meant) in [
            ("listn", Some("listen")),
            ("connect_timeout_ms", Some("upstream.connect_timeout_ms")),
            ("limits.connect_timeout_ms", Some("upstream.connect_timeout_ms")),
            ("upstream.conect_timeout_ms", Some("upstream.connect_timeout_ms")),
            ("upstream.connect_timeout", Some("upstream.connect_timeout_ms")),
            ("loglevel", Some("log.level")),
            ("qqq", None),
        ] {
            assert_eq!(nearest(given, known.into_iter()), meant, "{given}");
        }
    }
}
