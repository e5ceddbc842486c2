use super::*;
use proptest::prelude::*;

fn events(names: &[&'static str]) -> Vec<Event> {
    names.iter().map(|name| Event { name, data: format!("{{\"type\":\"{name}\"}}").into_bytes() }).collect()
}

fn sent(steps: &[Step]) -> String {
    let bytes = steps
        .iter()
        .filter_map(|step| if let Step::Send(bytes) = step { Some(bytes.as_ref()) } else { None });
    String::from_utf8(bytes.collect::<Vec<_>>().concat()).unwrap()
}

fn run(api: Api, faults: &Faults) -> Vec<Step> {
    let error = |_| events(&["error"]);
    stream_steps(api, events(&["a", "response.in_progress", "c", "d", "e"]), faults, error).steps
}

fn shaped(shape: Shape) -> Faults {
    Faults { shape, ..Faults::default() }
}

#[test]
fn writes_lines_as_asked() {
    let one = |shape: Shape| {
        let steps = stream_steps(Api::Messages, events(&["a"]), &shaped(shape), |_| Vec::new()).steps;
        sent(&steps)
    };
    assert_eq!(one(Shape::default()), "event: a\ndata: {\"type\":\"a\"}\n\n");
    assert_eq!(
        one(Shape { line_end: LineEnd::CrLf, no_space: true, ..Shape::default() }),
        "event:a\r\ndata:{\"type\":\"a\"}\r\n\r\n"
    );
    assert_eq!(
        one(Shape { line_end: LineEnd::Cr, ..Shape::default() }),
        "event: a\rdata: {\"type\":\"a\"}\r\r"
    );
    assert!(one(Shape { comments: true, ..Shape::default() }).starts_with(": comment 0\n\nevent: a\n"));
}

#[test]
fn responses_are_numbered_whatever_is_put_in_between() {
    let shape = Shape { ping: Some(1), extra_event: true, ..Shape::default() };
    let text = sent(&run(Api::Responses, &shaped(shape)));
    let numbers: Vec<&str> =
        text.split("\"sequence_number\":").skip(1).map(|rest| rest.split('}').next().unwrap()).collect();
    let expected: Vec<String> = (0..numbers.len()).map(|number| number.to_string()).collect();
    assert_eq!(numbers, expected);
    assert!(numbers.len() > 7);
}

#[test]
fn streams_break_off_where_asked() {
    let at =
        |after, kind| run(Api::Messages, &Faults { break_off: Some((after, kind)), ..Faults::default() });
    let whole = sent(&run(Api::Messages, &Faults::default()));
    assert_eq!(whole.matches("event: ").count(), 5);
    let cut = at(2, BreakOff::Cut);
    assert_eq!((sent(&cut).matches("event: ").count(), cut.last()), (2, Some(&Step::Cut)));
    let eof = at(2, BreakOff::Eof);
    assert!(whole.starts_with(&sent(&eof)) && eof.len() == 2);
    assert_eq!(at(2, BreakOff::Hang).last(), Some(&Step::Hang));
    assert!(sent(&at(2, BreakOff::Error)).ends_with("event: error\ndata: {\"type\":\"error\"}\n\n"));
    assert_eq!(sent(&at(9, BreakOff::Cut)), whole, "after its end a stream is not cut");
}

#[test]
fn one_and_two_writes_hold_the_whole_stream() {
    let whole = sent(&run(Api::Messages, &Faults::default()));
    for (chunks, writes) in [(Chunks::One, 1), (Chunks::Two, 2)] {
        let steps = run(Api::Messages, &shaped(Shape { chunks: Some(chunks), ..Shape::default() }));
        assert_eq!((steps.len(), sent(&steps)), (writes, whole.clone()));
    }
}

#[test]
fn a_cut_body_announces_its_full_length() {
    let at = |kind| {
        body_steps(b"0123456789".to_vec(), &Faults { break_off: Some((4, kind)), ..Faults::default() })
    };
    let (steps, length) = at(BreakOff::Cut);
    assert_eq!((sent(&steps).as_str(), length, steps.last()), ("0123", Some(10), Some(&Step::Cut)));
    let (steps, length) = at(BreakOff::Eof);
    assert_eq!((sent(&steps).as_str(), length), ("0123", None));
}

proptest! {
    #[test]
    fn splitting_changes_no_byte(size in 1_usize..50, slow in any::<bool>()) {
        let pause = Duration::from_millis(u64::from(slow));
        let faults = Faults { slow_event: pause, ..shaped(Shape { split: Some(size), ..Shape::default() }) };
        let steps = run(Api::Chat, &faults);
        prop_assert_eq!(sent(&steps), sent(&run(Api::Chat, &Faults::default())));
        let longest = steps.iter().map(|step| if let Step::Send(bytes) = step { bytes.len() } else { 0 }).max();
        prop_assert!(longest <= Some(size));
        prop_assert!(matches!(steps.last(), Some(Step::Send(_))));
    }
}
