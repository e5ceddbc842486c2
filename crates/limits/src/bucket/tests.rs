//! What a rate lets through.

use proptest::prelude::*;

use super::*;

const SECOND: u64 = 1_000_000_000;
const MINUTE: u64 = 60 * SECOND;

/// Takes `amount` if there is room, as a request would.
fn try_take(bucket: &mut Bucket, limit: u64, amount: u64, now: u64) -> Result<(), u64> {
    match bucket.at(limit, now).wait_nanos(amount) {
        0 => {
            bucket.take(amount);
            Ok(())
        }
        wait => Err(wait),
    }
}

#[test]
fn a_minutes_worth_at_once_and_then_one_after_the_other() {
    let mut bucket = Bucket::default();
    for _ in 0..10 {
        assert_eq!(try_take(&mut bucket, 10, 1, 0), Ok(()));
    }
    assert_eq!(try_take(&mut bucket, 10, 1, 0), Err(6 * SECOND));
    assert_eq!(try_take(&mut bucket, 10, 1, 6 * SECOND - 1), Err(1));
    assert_eq!(try_take(&mut bucket, 10, 1, 6 * SECOND), Ok(()));
    assert_eq!(try_take(&mut bucket, 10, 1, 6 * SECOND), Err(6 * SECOND));
}

#[test]
fn a_minutes_edge_is_no_place_to_gather() {
    let mut bucket = Bucket::default();
    // The last of one minute and the first of the next: a window that starts anew would let both through.
    let late = (0..100).filter(|_| try_take(&mut bucket, 100, 1, MINUTE - 1).is_ok()).count();
    let early = (0..100).filter(|_| try_take(&mut bucket, 100, 1, MINUTE + 1).is_ok()).count();
    assert_eq!((late, early), (100, 0));
}

#[test]
fn what_is_larger_than_the_bucket_goes_through_when_it_is_full() {
    let mut bucket = Bucket::default();
    assert_eq!(try_take(&mut bucket, 100, 250, 0), Ok(()));
    assert_eq!(bucket.gauge(), Gauge { limit: 100, remaining: 0, full_in_nanos: 150 * SECOND });
    assert_eq!(try_take(&mut bucket, 100, 1, 0), Err(90 * SECOND + 600_000_000));
    assert_eq!(try_take(&mut bucket, 100, 250, 0), Err(150 * SECOND));
    assert_eq!(try_take(&mut bucket, 100, 250, 150 * SECOND), Ok(()));
}

#[test]
fn another_limit_is_another_size_of_the_same_bucket() {
    let mut bucket = Bucket::default();
    assert_eq!(try_take(&mut bucket, 100, 60, 0), Ok(()));
    assert_eq!(bucket.at(10, 0).gauge().remaining, 0);
    assert_eq!(bucket.at(100, 0).gauge().remaining, 40);
    assert_eq!(bucket.at(1000, 0).gauge().remaining, 940);
    assert_eq!(bucket.at(1000, 0).wait_nanos(941), 60_000_000);
}

#[test]
fn the_largest_numbers_do_not_overflow() {
    let mut bucket = Bucket::default();
    let most = u64::try_from(i64::MAX).unwrap();
    assert_eq!(try_take(&mut bucket, most, u64::MAX, 0), Ok(()));
    for _ in 0..1_000 {
        bucket.take(u64::MAX);
    }
    assert_eq!(bucket.at(1, 0).wait_nanos(u64::MAX), u64::MAX);
    assert_eq!(bucket.gauge(), Gauge { limit: 1, remaining: 0, full_in_nanos: u64::MAX });
    bucket.at(most, 0);
    assert!(bucket.at(most, u64::MAX).wait_nanos(most) < u64::MAX);
}

/// What happens to a bucket: so much later, so much is asked for.
fn asks() -> impl Strategy<Value = Vec<(u64, u64)>> {
    let later = prop_oneof![Just(0), 0..10 * SECOND, 0..3 * MINUTE];
    prop::collection::vec((later, 1..400_u64), 1..200)
}

proptest! {
    #[test]
    fn never_more_than_the_limit_and_the_refill_in_any_span(limit in 1..300_u64, asks in asks()) {
        let mut bucket = Bucket::default();
        let mut taken: Vec<(u64, u64)> = Vec::new();
        let mut now = 0;
        for (later, amount) in asks {
            now += later;
            if try_take(&mut bucket, limit, amount, now).is_ok() {
                taken.push((now, amount));
            }
        }
        for first in 0..taken.len() {
            let mut sum = 0_u128;
            for (at, amount) in &taken[first..] {
                // One that is larger than the bucket needs it full: what came before it in the span is refilled then.
                sum += u128::from(*amount);
                let refill = u128::from(limit) * u128::from(at - taken[first].0);
                let allowed = u128::from(limit.max(*amount)) * u128::from(MINUTE) + refill;
                prop_assert!(sum * u128::from(MINUTE) <= allowed, "{sum} at {at}");
            }
        }
    }

    #[test]
    fn the_wait_is_exact(limit in 1..1_000_000_u64, asks in asks(), amount in 1..2_000_u64) {
        let mut bucket = Bucket::default();
        let mut now = 0;
        for (later, amount) in asks {
            now += later;
            let _ = try_take(&mut bucket, limit, amount, now);
        }
        let wait = bucket.at(limit, now).wait_nanos(amount);
        if wait > 0 {
            let mut earlier = bucket;
            prop_assert_eq!(earlier.at(limit, now + wait - 1).wait_nanos(amount), 1);
        }
        prop_assert_eq!(bucket.at(limit, now + wait).wait_nanos(amount), 0);
    }

    #[test]
    fn asking_takes_nothing(limit in 1..1_000_u64, asks in asks(), amount in 1..2_000_u64) {
        let mut bucket = Bucket::default();
        let mut now = 0;
        for (later, amount) in asks {
            now += later;
            let _ = try_take(&mut bucket, limit, amount, now);
        }
        let before = *bucket.at(limit, now);
        let _ = bucket.wait_nanos(amount);
        prop_assert_eq!(bucket, before);
    }

    #[test]
    fn reserved_and_corrected_is_as_if_counted_at_once(
        limit in 1..10_000_u64, first in 0..5_000_u64, reserved in 0..20_000_u64, counted in 0..20_000_u64,
    ) {
        let (mut one, mut other) = (Bucket::default(), Bucket::default());
        for bucket in [&mut one, &mut other] {
            bucket.at(limit, 0).take(first);
        }
        one.take(reserved);
        one.correct(reserved, counted);
        other.take(counted);
        prop_assert_eq!(one, other);
        one.correct(counted, 0);
        prop_assert_eq!(one.gauge().remaining, limit.saturating_sub(first));
    }
}
