//! What clocks show, and which rate holds then.

use super::*;

fn at(text: &str) -> Timestamp {
    Timestamp::from_micros(text.parse::<jiff::Timestamp>().unwrap().as_microsecond())
}

fn rates(json: &str) -> HourlyRates {
    serde_json::from_str(json).unwrap()
}

fn one(zone: &str, from: &str, to: &str, more: &str) -> HourlyRates {
    rates(&format!(r#"[{{"time_zone":"{zone}","from":"{from}","to":"{to}"{more},"rate":"0.5"}}]"#))
}

#[track_caller]
fn check(rates: &HourlyRates, times: &[(&str, bool)]) {
    for (time, inside) in times {
        assert_eq!(rates.at(at(time)).is_some(), *inside, "{time}");
    }
}

#[test]
fn deepseeks_nights_in_shanghai() {
    // 16:30 to 00:30 UTC, as DeepSeek published it.
    let night = one("Asia/Shanghai", "00:30", "08:30", "");
    check(
        &night,
        &[
            ("2026-11-27T16:29:59.999999Z", false),
            ("2026-11-27T16:30:00Z", true),
            ("2026-11-28T00:29:59.999999Z", true),
            ("2026-11-28T00:30:00Z", false),
        ],
    );
    assert_eq!(night.at(at("2026-11-27T20:00:00Z")), Some("0.5".parse().unwrap()));
}

#[test]
fn a_span_over_midnight_belongs_to_the_day_it_began_on() {
    // 2026-11-27 is a Friday.
    let night = one("UTC", "22:00", "06:00", r#","days":["fri"]"#);
    check(
        &night,
        &[
            ("2026-11-27T05:00:00Z", false),
            ("2026-11-27T22:00:00Z", true),
            ("2026-11-28T05:59:59Z", true),
            ("2026-11-28T06:00:00Z", false),
            ("2026-11-28T23:00:00Z", false),
        ],
    );
    let day = one("UTC", "00:00", "24:00", r#","days":["sun"]"#);
    check(
        &day,
        &[("2026-11-28T23:59:59Z", false), ("2026-11-29T00:00:00Z", true), ("2026-11-30T00:00:00Z", false)],
    );
}

#[test]
fn clocks_that_change_are_followed() {
    // Spring: New York goes from 02:00 EST to 03:00 EDT on 2026-03-08, Berlin from 02:00 CET to 03:00 CEST on 03-29.
    let early = one("America/New_York", "02:00", "04:00", "");
    check(
        &early,
        &[
            ("2026-03-07T06:59:59Z", false),
            ("2026-03-07T07:00:00Z", true),
            // The hour from 2 is skipped: 06:59:59 is 01:59:59, 07:00 is 03:00.
            ("2026-03-08T06:59:59Z", false),
            ("2026-03-08T07:00:00Z", true),
            ("2026-03-08T07:59:59Z", true),
            ("2026-03-08T08:00:00Z", false),
        ],
    );
    let office = one("Europe/Berlin", "09:00", "18:00", "");
    check(
        &office,
        &[
            ("2026-03-28T08:00:00Z", true),
            ("2026-03-28T07:59:59Z", false),
            ("2026-03-29T06:59:59Z", false),
            ("2026-03-29T07:00:00Z", true),
            ("2026-03-29T16:00:00Z", false),
        ],
    );
    // Autumn: Berlin shows 02:00 to 03:00 twice on 2026-10-25, New York 01:00 to 02:00 on 2026-11-01.
    let twice = one("Europe/Berlin", "02:00", "03:00", "");
    check(
        &twice,
        &[
            ("2026-10-24T23:59:59Z", false),
            ("2026-10-25T00:00:00Z", true),
            ("2026-10-25T01:59:59Z", true),
            ("2026-10-25T02:00:00Z", false),
        ],
    );
    let twice = one("America/New_York", "01:30", "02:00", "");
    check(
        &twice,
        &[
            ("2026-11-01T05:29:59Z", false),
            ("2026-11-01T05:30:00Z", true),
            ("2026-11-01T06:00:00Z", false),
            ("2026-11-01T06:30:00Z", true),
            ("2026-11-01T07:00:00Z", false),
        ],
    );
}

#[test]
fn the_first_that_fits_holds() {
    let two = rates(
        r#"[{"time_zone":"UTC","from":"10:00","to":"12:00","rate":"2"},{"time_zone":"UTC","from":"00:00","to":"24:00","rate":"3"}]"#,
    );
    assert_eq!(two.at(at("2026-11-27T11:00:00Z")), Some("2".parse().unwrap()));
    assert_eq!(two.at(at("2026-11-27T12:00:00Z")), Some("3".parse().unwrap()));
    assert_eq!(HourlyRates::default().at(at("2026-11-27T12:00:00Z")), None);
}

#[test]
fn what_is_written_is_read_back_and_shown() {
    let json = r#"[{"time_zone":"Asia/Shanghai","from":"09:00","to":"18:30","days":["mon","fri"],"rate":"1.5"},{"time_zone":"UTC","from":"22:00","to":"06:00","rate":"0.5"}]"#;
    let read = rates(json);
    assert_eq!(serde_json::to_string(&read).unwrap(), json);
    assert_eq!(read.to_string(), "09:00-18:30 Asia/Shanghai mon fri: x 1.5\n22:00-06:00 UTC: x 0.5");
}

#[test]
fn what_is_wrong_is_named() {
    let good = r#""time_zone":"UTC","from":"09:00","to":"18:00","rate":"1.5""#;
    for (from, to, problem) in [
        ("UTC", "Mars/Olympus", "time_zone: `Mars/Olympus` is no time zone"),
        ("09:00", "9:00", "from: `9:00` is no time of day"),
        ("09:00", "18:00", "from: must be before `to`"),
        ("18:00", "24:01", "to: `24:01` is no time of day"),
        ("18:00", "12:60", "to: `12:60` is no time of day"),
        (r#""1.5""#, r#""-1""#, "`-1` is not a decimal number"),
        (r#""rate""#, r#""days":["monday"],"rate""#, "days: `monday` is none of mon"),
        (r#""rate""#, r#""days":[],"rate""#, "days: name at least one"),
        (r#""rate""#, r#""factor""#, "unknown field `factor`"),
    ] {
        let json = format!("[{{{}}}]", good.replacen(from, to, 1));
        let error = serde_json::from_str::<HourlyRates>(&json).unwrap_err().to_string();
        assert!(error.contains(problem), "{json}: {error}");
    }
    let many = vec![format!("{{{good}}}"); 9].join(",");
    let error = serde_json::from_str::<HourlyRates>(&format!("[{many}]")).unwrap_err().to_string();
    assert!(error.contains("more than eight"), "{error}");
    let fine = rates(r#"[{"time_zone":"UTC","from":"09:00","to":"18:00","rate":"1.0001"}]"#);
    assert_eq!(fine.validate_as_factors(), Err(PricingError::BadMultiplier("hours")));
}
