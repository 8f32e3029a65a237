//! What the ledger promises, one promise at a time.

use tenfold_domain::{
    AccessToken, AllowanceId, Denied, Held, Scope, Spender, TokenId, Tokens, Unclear,
};

use super::*;

#[test]
fn the_default_account_is_opened_once_and_has_no_limit() {
    let house = House::new();
    assert_eq!(house.ledger.open_default(), None);
    assert_eq!(house.ledger.shown(ROOT), "default");
    assert_eq!(house.left(ROOT), None);
}

#[test]
fn accounts_are_found_by_name_by_path_and_by_number() {
    let mut house = House::new();
    for name in ["person", "team/person", "#3"] {
        assert_eq!(house.ledger.find(name), Ok(PERSON), "{name}");
    }
    assert_eq!(house.ledger.find("default"), Ok(ROOT));
    assert_eq!(house.ledger.shown(PERSON), "team/person");
    let twice = house.ledger.open(ROOT, ("lab", AccountKind::Team), "me").unwrap();
    house.record(twice.1);
    let person = house.ledger.open(twice.0, ("person", AccountKind::Person), "me").unwrap().1;
    house.record(person);
    let Err(Unclear::Several { paths, .. }) = house.ledger.find("person") else { panic!() };
    assert_eq!(paths, ["team/person", "lab/person"]);
    for name in ["nobody", "team/nobody", "#99", "#x", ""] {
        assert_eq!(house.ledger.find(name), Err(Unclear::None(name.into())));
    }
}

#[test]
fn names_that_would_be_mistaken_for_something_else_are_refused() {
    let house = House::new();
    for name in ["", " a", "a/b", "#3", "a\u{7}", "person", &"x".repeat(65)] {
        let opened = house.ledger.open(TEAM, (name, AccountKind::Person), "me");
        assert!(matches!(opened, Err(Refusal::BadName { .. })), "{name:?}");
    }
}

#[test]
fn money_is_set_aside_in_every_account_above() {
    let mut house = House::new();
    let reservation = house.reserve(PERSON, 10).unwrap();
    for account in [PERSON, TEAM, ROOT] {
        assert_eq!(house.sums(account), (0, 10));
    }
    assert_eq!(house.sums(OTHER), (0, 0));
    house.settle(reservation, 4);
    for account in [PERSON, TEAM, ROOT] {
        assert_eq!(house.sums(account), (4, 0));
    }
}

#[test]
fn the_allowance_of_any_account_above_refuses_and_names_itself() {
    let mut house = House::new();
    house.grant(TEAM, once(10));
    house.reserve(OTHER, 7).unwrap();
    let Err(Refusal::Short(short)) = house.reserve(PERSON, 4) else { panic!() };
    assert_eq!((short.account, short.left, short.asked), (TEAM, money(3), money(4)));
    assert_eq!(
        Refusal::Short(short).to_string(),
        "account 'team' may use $0.00000001 in all, of which $0.000000003 is left: that does not \
         cover $0.000000004"
    );
    assert_eq!(house.sums(PERSON), (0, 0));
    assert_eq!(house.left(PERSON), Some(3));
    let of = house.ledger.left(PERSON, house.now).unwrap().limits;
    assert_eq!(of, [Some(once(10)), None, None], "the limit that it is left of");
    house.reserve(PERSON, 3).unwrap();
}

#[test]
fn tokens_and_requests_are_limited_like_money() {
    let mut house = House::new();
    house.grant(PERSON, Allowance::once(Quantity::Tokens(Tokens(100))));
    house.grant(TEAM, Allowance { per: Period::Hour, ..Allowance::once(Quantity::Requests(2)) });
    let ask = |tokens, requests| Spend { money: NanoUsd(9), tokens: Tokens(tokens), requests };
    let reserve = |house: &House, spend| house.ledger.reserve(&house.wanted(PERSON, spend));
    let Err(Refusal::Short(short)) = reserve(&house, ask(101, 1)) else { panic!() };
    assert_eq!((short.account, short.renews), (PERSON, None));
    let Err(Refusal::Short(short)) = reserve(&house, ask(1, 3)) else { panic!() };
    assert_eq!((short.account, short.renews), (TEAM, None), "a whole hour's would not do either");
    let event = reserve(&house, ask(60, 2)).unwrap().1;
    house.record(event);
    let Err(Refusal::Short(short)) = reserve(&house, ask(1, 1)) else { panic!() };
    assert_eq!((short.account, short.renews), (TEAM, Some(Timestamp(1_001 * HOUR))));
}

#[test]
fn an_allowance_begins_anew_and_what_was_not_used_is_gone_or_carried_over() {
    for (carry, then) in [(0, [10, 10, 10]), (2, [13, 20, 30])] {
        let mut house = House::new();
        house.grant(PERSON, Allowance { carry, ..an_hour(10) });
        house.reserve(PERSON, 7).unwrap();
        assert_eq!(house.left(PERSON), Some(3));
        let mut hours_later = |hours: u64| {
            house.now = Timestamp((1_000 + hours) * HOUR);
            house.left(PERSON).unwrap()
        };
        assert_eq!([hours_later(1), hours_later(2).min(20), hours_later(9)], then, "{carry}");
    }
}

#[test]
fn what_was_set_aside_before_midnight_stays_with_that_day() {
    for (carry, left) in [(0, 10), (1, 11)] {
        let mut house = House::new();
        house.grant(PERSON, Allowance { carry, ..an_hour(10) });
        let reservation = house.reserve(PERSON, 9).unwrap();
        house.now = Timestamp(1_001 * HOUR);
        house.reserve(PERSON, 0).unwrap();
        house.settle(reservation, 2);
        assert_eq!(house.left(PERSON), Some(left), "carry {carry}");
    }
}

#[test]
fn a_clock_that_goes_back_gives_nothing_twice() {
    let mut house = House::new();
    house.grant(PERSON, an_hour(10));
    house.now = Timestamp(1_001 * HOUR);
    house.reserve(PERSON, 10).unwrap();
    house.now = Timestamp(1_000 * HOUR);
    assert!(house.reserve(PERSON, 1).is_err());
}

#[test]
fn a_clock_that_was_ahead_stands_still_until_somebody_puts_it_right() {
    let mut house = House::new();
    house.grant(PERSON, an_hour(10));
    let before = house.reserve(PERSON, 4).unwrap();
    house.now = Timestamp(9_000 * HOUR);
    let ahead = house.reserve(PERSON, 7).unwrap();
    house.now = Timestamp(1_001 * HOUR);
    assert_eq!(house.left(PERSON), Some(3), "nothing begins anew before that hour");
    house.record(house.ledger.put_clock_right("me", house.now).unwrap());
    assert_eq!(house.left(PERSON), Some(3), "and nothing is given twice");
    let kept = Ledger::standing(&balances(&house.ledger).unwrap());
    assert_eq!(kept.left(PERSON, house.now), house.ledger.left(PERSON, house.now));
    house.settle(before, 4);
    house.settle(ahead, 5);
    assert_eq!((house.left(PERSON), house.sums(PERSON)), (Some(5), (9, 0)));
    let again = house.ledger.put_clock_right("me", house.now);
    assert_eq!(again, Err(Refusal::ClockIsRight));
    house.now = Timestamp(1_002 * HOUR);
    assert_eq!(house.left(PERSON), Some(10), "the next hour is one");
}

#[test]
fn what_is_billed_beyond_all_that_was_set_aside_is_booked_in_full() {
    let mut house = House::new();
    house.grant(PERSON, an_hour(10));
    let of = (PERSON, Spender::Token(TokenId(1)));
    for event in house.ledger.overrun(of, bill(25), house.now).unwrap() {
        house.record(event);
    }
    assert_eq!((house.sums(PERSON), house.left(PERSON)), ((25, 0), Some(0)));
    assert_eq!(house.sums(ROOT), (25, 0));
    assert!(house.reserve(PERSON, 0).is_err(), "more is used than it may");
    house.now = Timestamp(1_001 * HOUR);
    assert_eq!(house.left(PERSON), Some(10));
}

#[test]
fn one_line_grants_to_everyone_below_newcomers_too() {
    let mut house = House::new();
    house.grant(ROOT, Allowance { each: true, ..an_hour(10) });
    house.reserve(PERSON, 10).unwrap();
    assert!(house.reserve(PERSON, 1).is_err());
    house.reserve(OTHER, 10).unwrap();
    let (new, event) = house.ledger.open(TEAM, ("new", AccountKind::Person), "me").unwrap();
    house.record(event);
    assert_eq!(house.left(new), Some(10));
    assert_eq!(house.left(TEAM), None, "a team is no person");
    // Each has the same again in the next hour.
    house.now = Timestamp(1_001 * HOUR);
    assert_eq!(house.left(PERSON), Some(10));
}

#[test]
fn an_allowance_that_is_changed_keeps_what_was_used() {
    let mut house = House::new();
    house.grant(PERSON, an_hour(10));
    house.reserve(PERSON, 8).unwrap();
    house.grant(PERSON, an_hour(5));
    assert!(house.reserve(PERSON, 0).is_err(), "more is used than it may");
    house.grant(PERSON, an_hour(12));
    assert_eq!(house.left(PERSON), Some(4));
    let allowance = house.ledger.statement(PERSON, house.now).unwrap().allowances[0].allowance;
    house.record(house.ledger.withdraw(allowance, "me").unwrap());
    assert_eq!(house.left(PERSON), None);
    assert_eq!(house.ledger.withdraw(allowance, "me"), Err(Refusal::NoAllowance(allowance)));
}

#[test]
fn an_allowance_counts_from_when_it_was_granted() {
    let mut house = House::new();
    let before = house.reserve(PERSON, 1_000).unwrap();
    house.grant(PERSON, once(10));
    house.settle(before, 900);
    assert_eq!(house.left(PERSON), Some(10));
}

#[test]
fn a_gift_is_used_once_allowances_are() {
    let mut house = House::new();
    house.grant(PERSON, an_hour(10));
    house.give(None, PERSON, 5).unwrap();
    assert_eq!(house.left(PERSON), Some(15));
    let reservation = house.reserve(PERSON, 14).unwrap();
    assert!(house.reserve(PERSON, 2).is_err());
    house.settle(reservation, 11);
    let statement = house.ledger.statement(PERSON, house.now).unwrap();
    assert_eq!(statement.gifts.money, NanoUsd(4), "ten were the allowance's");
    house.now = Timestamp(1_001 * HOUR);
    assert_eq!(house.left(PERSON), Some(14), "what is left of a gift stays");
}

#[test]
fn a_gift_does_not_pass_an_allowance_further_up() {
    let mut house = House::new();
    house.grant(TEAM, once(3));
    house.give(None, PERSON, 5).unwrap();
    assert_eq!(house.left(PERSON), Some(3));
}

#[test]
fn what_is_given_to_another_is_taken_from_the_giver() {
    let mut house = House::new();
    let (lab, event) = house.ledger.open(ROOT, ("lab", AccountKind::Team), "me").unwrap();
    house.record(event);
    for account in [lab, TEAM, PERSON] {
        house.grant(account, once(10));
    }
    house.grant(ROOT, once(20));
    house.give(Some(PERSON), lab, 4).unwrap();
    assert_eq!(
        [PERSON, TEAM, lab].map(|account| house.left(account)),
        [Some(6), Some(6), Some(14)]
    );
    let refused = house.give(Some(PERSON), lab, 7);
    assert!(matches!(refused, Err(Refusal::Short(short)) if short.account == PERSON));
    house.reserve(lab, 14).unwrap();
    assert_eq!(house.left(PERSON), Some(6), "the root has twenty");
    let itself = house.give(Some(PERSON), PERSON, 1);
    assert!(matches!(itself, Err(Refusal::ToItself(_))));
}

#[test]
fn a_bill_above_its_reservation_is_booked_in_full_and_stops_the_account() {
    let mut house = House::new();
    house.grant(PERSON, once(10));
    let reservation = house.reserve(PERSON, 5).unwrap();
    house.settle(reservation, 12);
    assert_eq!(house.sums(PERSON), (12, 0));
    assert!(matches!(house.reserve(PERSON, 0), Err(Refusal::Short(_))));
    assert!(house.reserve(OTHER, 5).is_ok());
    house.give(None, PERSON, 5).unwrap();
    assert_eq!(house.left(PERSON), Some(3), "two of them are for what was too much");
    house.reserve(PERSON, 3).unwrap();
    assert!(house.reserve(PERSON, 1).is_err());
}

#[test]
fn models_are_allowed_by_all_accounts_above() {
    let mut house = House::new();
    house.record(house.ledger.permit(TEAM, Some(vec!["small*".into()]), "me").unwrap());
    house.record(
        house.ledger.permit(PERSON, Some(vec!["small-1".into(), "big".into()]), "me").unwrap(),
    );
    let ask = |model| {
        let wanted = Wanted { model: Some(model), ..house.wanted(PERSON, Spend::NONE) };
        house.ledger.reserve(&wanted).map(|_| ()).map_err(|refusal| refusal.to_string())
    };
    assert_eq!(ask("small-1"), Ok(()));
    let no = "account 'team' may not ask the model 'big': it may ask small*";
    assert_eq!(ask("big"), Err(no.into()));
    assert!(ask("small-2").is_err());
    assert!(house.ledger.may_ask(OTHER, "small-2").is_ok());
}

#[test]
fn access_tokens_hold_until_they_expire_or_are_revoked() {
    let mut house = House::new();
    let token = |hash: &str, expires| AccessToken {
        token: TokenId(0),
        account: PERSON,
        label: "ci".into(),
        hash: hash.into(),
        expires,
        models: None,
        scopes: None,
        by: "me".into(),
    };
    let expires = Timestamp(house.now.0 + HOUR);
    let (one, event) = house.ledger.issue(token("aa", None)).unwrap();
    house.record(event);
    house.record(house.ledger.issue(token("bb", Some(expires))).unwrap().1);
    assert_eq!(house.ledger.tokens().admit("aa", house.now).unwrap().account, PERSON);
    assert_eq!(house.ledger.tokens().admit("cc", house.now), Err(Denied::Unknown));
    assert!(house.ledger.tokens().admit("bb", Timestamp(expires.0 - 1)).is_ok());
    assert_eq!(house.ledger.tokens().admit("bb", expires), Err(Denied::Expired(expires)));
    house.record(house.ledger.revoke(one, "me").unwrap());
    assert_eq!(house.ledger.tokens().admit("aa", house.now), Err(Denied::Revoked));
    assert_eq!(house.ledger.revoke(one, "me"), Err(Refusal::NoToken(one)));
}

#[test]
fn an_access_token_is_for_something_that_its_account_may_let_it_do() {
    let house = House::new();
    let scopes = |account, scopes: Option<&[Scope]>| {
        let token = AccessToken {
            token: TokenId(0),
            account,
            label: String::new(),
            hash: "aa".into(),
            expires: None,
            models: None,
            scopes: scopes.map(<[Scope]>::to_vec),
            by: "me".into(),
        };
        match house.ledger.issue(token)? {
            (_, LedgerEvent::Issued(token)) => Ok(token.scopes()),
            (_, other) => panic!("{other:?}"),
        }
    };
    assert_eq!(scopes(PERSON, None), Ok(vec![Scope::Ask, Scope::Look]));
    assert_eq!(scopes(ROOT, None), Ok(Scope::ALL.to_vec()));
    assert_eq!(scopes(ROOT, Some(&[Scope::Metrics])), Ok(vec![Scope::Metrics]));
    assert_eq!(scopes(PERSON, Some(&[Scope::Look])), Ok(vec![Scope::Look]));
    for (account, of) in [(PERSON, &[Scope::Metrics][..]), (ROOT, &[])] {
        let refused = scopes(account, Some(of));
        assert!(matches!(refused, Err(Refusal::BadScopes(_))), "{refused:?}");
    }
}

#[test]
fn a_reservation_ends_once() {
    let mut house = House::new();
    let reservation = house.reserve(PERSON, 1).unwrap();
    house.record(house.ledger.release(reservation, house.now).unwrap());
    let gone = Err(Refusal::NoReservation(reservation));
    assert_eq!(house.ledger.release(reservation, house.now), gone);
    assert_eq!(house.ledger.settle(reservation, bill(1), house.now), gone);
    let next = house.reserve(PERSON, 1).unwrap();
    assert_ne!(next, reservation, "a number is never used again");
}

#[test]
fn unknown_accounts_are_refused() {
    let house = House::new();
    let nobody = AccountId(77);
    let no = Refusal::NoAccount(nobody);
    let wanted = house.wanted(nobody, Spend::NONE);
    assert_eq!(house.ledger.reserve(&wanted), Err(no.clone()));
    assert_eq!(house.ledger.grant(nobody, once(1), "me"), Err(no.clone()));
    assert_eq!(house.ledger.open(nobody, ("x", AccountKind::Team), "me"), Err(no.clone()));
    assert_eq!(house.ledger.give((None, nobody), money(1), ("me", house.now)), Err(no));
    assert_eq!(house.ledger.statement(nobody, house.now), None);
    assert_eq!(house.ledger.left(nobody, house.now), None);
    assert_eq!(house.ledger.path(AccountId(0)), []);
}

#[test]
fn without_a_limit_even_the_largest_amounts_come_back_exactly() {
    let mut house = House::new();
    let large = house.reserve(PERSON, u64::MAX).unwrap();
    let small = house.reserve(PERSON, 5).unwrap();
    house.record(house.ledger.release(large, house.now).unwrap());
    assert_eq!(house.sums(ROOT), (0, 5));
    house.record(house.ledger.release(small, house.now).unwrap());
    assert_eq!(house.sums(ROOT), (0, 0));
}

#[test]
fn open_reservations_are_listed_oldest_first() {
    let mut house = House::new();
    let first = house.reserve(PERSON, 1).unwrap();
    let second = house.reserve(OTHER, 2).unwrap();
    let third = house.reserve(TEAM, 3).unwrap();
    house.record(house.ledger.release(second, house.now).unwrap());
    let holds = house.ledger.holds().into_iter().map(|held| (held.reservation, held.account));
    assert_eq!(holds.collect::<Vec<_>>(), [(first, PERSON), (third, TEAM)]);
}

#[test]
fn events_that_do_not_fit_change_nothing() {
    let mut house = House::new();
    house.reserve(PERSON, 5).unwrap();
    let before = house.ledger.clone();
    let opened = |account, parent, name: &str| LedgerEvent::Opened {
        account: AccountId(account),
        parent: Some(AccountId(parent)),
        name: name.into(),
        kind: AccountKind::Team,
        by: String::new(),
    };
    let reserved = |reservation, account| {
        let (amount, at) = (Spend::of_money(NanoUsd(1)), house.now);
        let (reservation, account) = (ReservationId(reservation), AccountId(account));
        let held = Held {
            reservation,
            account,
            amount,
            at,
            model: None,
            spender: None,
            gifts: Vec::new(),
        };
        LedgerEvent::Reserved(held)
    };
    let (allowance, by) = (AllowanceId(9), String::new());
    let reservation = ReservationId(99);
    for event in [
        opened(2, 1, "x"),
        opened(9, 1, "x"),
        opened(5, 8, "x"),
        opened(5, 5, "x"),
        opened(5, 2, "person"),
        LedgerEvent::Granted { allowance, account: AccountId(8), terms: once(1), by: by.clone() },
        LedgerEvent::Withdrawn { allowance, by: by.clone() },
        LedgerEvent::Permitted { account: AccountId(8), models: None, by: by.clone() },
        LedgerEvent::Revoked { token: TokenId(1), by },
        reserved(9, 0),
        reserved(1, 3),
        LedgerEvent::Settled { reservation, bill: bill(1), at: house.now },
        LedgerEvent::Released { reservation, at: house.now },
    ] {
        house.ledger.evolve(&event);
        assert_eq!(house.ledger, before, "{event:?}");
    }
}

fn lab(house: &mut House) -> AccountId {
    let (lab, opened) = house.ledger.open(ROOT, ("lab", AccountKind::Team), "me").unwrap();
    house.record(opened);
    lab
}

#[test]
fn who_is_moved_spends_under_the_limits_of_those_above_from_then_on() {
    let mut house = House::new();
    let lab = lab(&mut house);
    house.grant(TEAM, once(10));
    house.grant(lab, once(5));
    let each = Allowance { each: true, ..once(3) };
    house.grant(lab, each);
    let reservation = house.reserve(PERSON, 6).unwrap();
    let moved = house.ledger.move_below(PERSON, lab, "me");
    assert_eq!(moved, Err(Refusal::UnderWay("person".into())), "its bill is to come");
    house.settle(reservation, 6);
    house.record(house.ledger.move_below(PERSON, lab, "me").unwrap());
    assert_eq!(house.ledger.shown(PERSON), "lab/person");
    assert_eq!(house.ledger.find("team/person"), Err(Unclear::None("team/person".into())));
    assert_eq!((house.left(TEAM), house.left(PERSON)), (Some(4), Some(3)), "what was stays");
    assert!(house.reserve(PERSON, 4).is_err());
    let reservation = house.reserve(PERSON, 3).unwrap();
    house.settle(reservation, 3);
    assert_eq!((house.sums(TEAM), house.sums(lab), house.sums(ROOT)), ((6, 0), (3, 0), (9, 0)));
}

#[test]
fn a_move_that_would_break_the_tree_is_refused() {
    let mut house = House::new();
    let lab = lab(&mut house);
    let person = house.ledger.open(lab, ("person", AccountKind::Person), "me").unwrap().1;
    house.record(person);
    let moved = |account, to| house.ledger.move_below(account, to, "me").unwrap_err();
    assert!(matches!(moved(ROOT, TEAM), Refusal::Topmost(_)));
    assert!(matches!(moved(TEAM, TEAM), Refusal::BelowItself { .. }));
    assert!(matches!(moved(TEAM, PERSON), Refusal::BelowItself { .. }));
    assert!(matches!(moved(PERSON, lab), Refusal::BadName { .. }), "there is one of its name");
    assert!(matches!(moved(PERSON, AccountId(99)), Refusal::NoAccount(_)));
}

#[test]
fn a_new_name_is_found_and_the_old_one_is_free() {
    let mut house = House::new();
    house.record(house.ledger.rename(PERSON, "ada", "me").unwrap());
    assert_eq!(house.ledger.find("team/ada"), Ok(PERSON));
    assert!(matches!(house.ledger.rename(OTHER, "ada", "me"), Err(Refusal::BadName { .. })));
    house.record(house.ledger.rename(OTHER, "person", "me").unwrap());
    assert_eq!(house.ledger.find("person"), Ok(OTHER));
}

#[test]
fn what_is_closed_pays_nothing_new_and_what_is_under_way_is_billed() {
    let mut house = House::new();
    let token = AccessToken {
        token: TokenId(0),
        account: PERSON,
        label: String::new(),
        hash: "aa".into(),
        expires: None,
        models: None,
        scopes: None,
        by: "me".into(),
    };
    house.record(house.ledger.issue(token.clone()).unwrap().1);
    let reservation = house.reserve(PERSON, 7).unwrap();
    for event in house.ledger.close(TEAM, "me").unwrap() {
        house.record(event);
    }
    assert_eq!(house.ledger.tokens().admit("aa", house.now), Err(Denied::Revoked));
    let closed = Refusal::Closed("team".into());
    assert_eq!(house.reserve(PERSON, 1), Err(closed.clone()), "all that are below it, too");
    assert_eq!(house.ledger.issue(token).unwrap_err(), closed);
    assert_eq!(house.ledger.open(TEAM, ("new", AccountKind::Person), "me").unwrap_err(), closed);
    assert_eq!(house.ledger.move_below(PERSON, ROOT, "me").unwrap_err(), closed);
    assert_eq!(house.ledger.close(TEAM, "me").unwrap_err(), closed);
    assert!(matches!(house.ledger.close(ROOT, "me"), Err(Refusal::Topmost(_))));
    house.settle(reservation, 5);
    assert_eq!((house.sums(PERSON), house.sums(ROOT)), ((5, 0), (5, 0)));
    // Another may have its name, and its history is found by its number.
    let (again, opened) = house.ledger.open(ROOT, ("team", AccountKind::Team), "me").unwrap();
    house.record(opened);
    assert_eq!((house.ledger.find("team"), house.ledger.find("#2")), (Ok(again), Ok(TEAM)));
    assert_eq!(Ledger::replay(&house.events), house.ledger);
}
