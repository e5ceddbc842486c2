//! `tollgate ledger reconcile`: providers' exports against what accounts served.

use std::fs;

use serde_json::{Value, json};

use super::support::{Place, Said};
use super::usage::Used;

/// Two accounts: `main` served two requests for claude-x on the 5th and one for gpt-x late on the 6th, `other` one for
/// claude-x on the 5th.
fn place() -> Place {
    let place = Place::new();
    let ann = place.json(&["user", "create", "ann"])["id"].as_str().unwrap().to_owned();
    let account = |name: &str| {
        let create = ["account", "create", name, "--platform", "openai", "--base-url", "http://127.0.0.1:9"];
        let said = place.run_with_input(&[&create[..], &["--credential-stdin", "--json"]].concat(), "key");
        serde_json::from_str::<Value>(&said.out).unwrap()["id"].as_str().unwrap().to_owned()
    };
    let (main, other) = (account("main"), account("other"));
    let connection = rusqlite::Connection::open(place.path().join("data/tollgate.db")).unwrap();
    for (number, at, account, model, account_cost) in [
        (1, "2026-11-05T00:00:00Z", &main, "claude-x", 10_000_000),
        (2, "2026-11-05T23:59:59.999999Z", &main, "claude-x", 2_500_001),
        (3, "2026-11-06T23:30:00Z", &main, "gpt-x", 7_000_000),
        (4, "2026-11-05T12:00:00Z", &other, "claude-x", 1),
    ] {
        Used { number, at, user: &ann, account: Some(account), model, account_cost, ..Used::default() }
            .insert(&connection);
    }
    // Refused before any account was asked.
    Used { number: 5, at: "2026-11-05T12:00:00Z", user: &ann, model: "claude-x", ..Used::default() }
        .insert(&connection);
    place
}

fn reconcile(place: &Place, export: &str, more: &[&str]) -> Said {
    fs::write(place.path().join("export"), export).unwrap();
    place.run(&[&["ledger", "reconcile", "--from", "export", "--account", "main"], more].concat())
}

fn agrees(place: &Place, export: &str, more: &[&str]) -> String {
    let said = reconcile(place, export, more);
    assert_eq!(said.code, Some(0), "{said:?}");
    said.out
}

/// The one line it complains with.
fn refused(place: &Place, export: &str, more: &[&str]) -> String {
    let said = reconcile(place, export, more);
    assert_eq!((said.code, said.out.as_str()), (Some(1), ""), "{said:?}");
    said.err.trim().to_owned()
}

const PLAIN: &str = "\
day,model,input_tokens,output_tokens,cache_write_tokens,cache_read_tokens,cost
2026-11-05,claude-x,200,40,14,10,0.012500001
2026-11-06,gpt-x,100,20,7,5,0.007
";

#[test]
fn what_agrees_is_said() {
    let place = place();
    assert_eq!(
        agrees(&place, PLAIN, &[]),
        "reconciled: input_tokens, output_tokens, cache_write_tokens, cache_read_tokens, cost of 2 day(s) agree with the \
         export's 2 line(s) (plain CSV)\n"
    );
    let told: Value = serde_json::from_str(&agrees(&place, PLAIN, &["--json"])).unwrap();
    assert_eq!((&told["ok"], &told["differences"]), (&json!(true), &json!([])));
    assert_eq!((&told["from"], &told["through"]), (&json!("2026-11-05"), &json!("2026-11-06")));
    // Other days, other accounts and requests that reached none do not count.
    agrees(&place, "day,model,cost\n2026-11-06,gpt-x,0.007", &[]);
    agrees(&place, PLAIN, &["--from-time", "2026-11-06", "--to-time", "2026-11-07"]);
    agrees(&place, "day,model,input_tokens\n2026-11-07,gpt-x,100", &["--time-zone", "Asia/Tokyo"]);
}

#[test]
fn what_differs_is_listed_and_fails_the_command() {
    let place = place();
    let export = PLAIN.replace("0.012500001", "0.0125").replace("gpt-x,100", "gpt-x,90");
    let said = reconcile(&place, &export, &[]);
    assert_eq!(said.code, Some(1), "{said:?}");
    let lines: Vec<Vec<&str>> = said.out.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(
        lines,
        [
            vec!["DAY", "MODEL", "NUMBER", "GATE", "PROVIDER", "DIFFERENCE"],
            vec!["2026-11-05", "claude-x", "cost", "0.012500001", "0.0125", "0.000000001"],
            vec!["2026-11-06", "gpt-x", "input_tokens", "100", "90", "10"],
        ]
    );
    assert!(said.err.contains("error: there are 2 differences to the export"), "{said:?}");
    let said = reconcile(&place, &export, &["--json", "--tolerance", "0.001"]);
    let told: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!((&told["ok"], told["differences"].as_array().unwrap().len()), (&json!(false), 1));
    assert_eq!(told["differences"][0]["difference"], "10");
    agrees(&place, &export, &["--tolerance", "0.12"]);
    // What only one side knows.
    let said = reconcile(&place, "day,model,output_tokens\n2026-11-05,claude-y,40\n", &[]);
    assert!(
        said.out.contains("claude-x  output_tokens  40    0") && said.out.contains("claude-y"),
        "{said:?}"
    );
    agrees(&place, "day,model,output_tokens\n2026-11-05,Claude Y,40\n", &["--map", "Claude Y=claude-x"]);
    // Without --account, all accounts count.
    let said = place.run(&["ledger", "reconcile", "--from", "export"]);
    assert!(said.out.contains("claude-x  output_tokens  60"), "{said:?}");
}

#[test]
fn the_exports_of_anthropic_are_read() {
    let place = place();
    let day = ["--to-time", "2026-11-06"];
    let usage = "\u{feff}usage_date_utc,model_version,api_key,workspace,usage_type,context_window,\
        usage_input_tokens_no_cache,usage_input_tokens_cache_write_5m,usage_input_tokens_cache_write_1h,\
        usage_input_tokens_cache_read,usage_output_tokens,web_search_count,inference_geo,speed\n\
        2026-11-05,claude-x,k,\"Default, EU\",standard,≤ 200k,150,3,4,5,20,0,global,\n\
        2026-11-05,claude-x,k,Default,batch,≤ 200k,50,3,4,5,20,0,global,\n";
    assert!(agrees(&place, usage, &day).ends_with("(usage CSV of Anthropic's console)\n"));
    assert!(
        refused(&place, usage, &["--time-zone", "Asia/Tokyo"]).ends_with("leave out --time-zone Asia/Tokyo")
    );

    // Each line is rounded to a cent: 0.0125 may be 0.01 and 0.00.
    let cost = "usage_date_utc,model,workspace,api_key,usage_type,context_window,token_type,cost_usd,list_price_usd\n\
        2026-11-05,Claude X,Default,k,message,≤ 200k,input_no_cache,0.01,0.01\n\
        2026-11-05,Claude X,Default,k,message,≤ 200k,output,0.00,0.00\n";
    agrees(&place, cost, &["--to-time", "2026-11-06", "--map", "Claude X=claude-x"]);
    let said = reconcile(&place, &cost.replace("0.01,", "0.03,"), &["--map", "Claude X=claude-x"]);
    assert_eq!(said.code, Some(1), "{said:?}");

    let bucket = |results: Value| json!({"starting_at": "2026-11-05T00:00:00Z", "ending_at": "2026-11-06T00:00:00Z", "results": results});
    let line = json!({"model": "claude-x", "uncached_input_tokens": 200, "cache_read_input_tokens": 10, "output_tokens": 40,
        "cache_creation": {"ephemeral_5m_input_tokens": 6, "ephemeral_1h_input_tokens": 8}, "service_tier": "standard"});
    let report = json!({"data": [bucket(json!([line]))], "has_more": false, "next_page": null});
    assert!(agrees(&place, &report.to_string(), &[]).ends_with("(usage report of Anthropic)\n"));
    let costs = |lines: Value| json!({"data": [bucket(lines)], "has_more": false}).to_string();
    let of = |model: Value, cents: &str| json!({"model": model, "amount": cents, "currency": "USD", "cost_type": "tokens"});
    agrees(&place, &costs(json!([of(json!("claude-x"), "1.25"), of(json!("claude-x"), "0.0000001")])), &[]);
    let ungrouped = refused(&place, &costs(json!([of(Value::Null, "1.25")])), &[]);
    assert!(ungrouped.ends_with("it names no model: ask for it with group_by[]=description"), "{ungrouped}");
}

#[test]
fn the_exports_of_openai_are_read() {
    let place = place();
    // 2026-11-06, by the day and by the hour. OpenAI counts what is cached as input too.
    let line = json!({"object": "organization.usage.completions.result", "model": "gpt-x", "input_tokens": 112,
        "input_cached_tokens": 5, "input_cache_write_tokens": 7, "output_tokens": 20, "num_model_requests": 1});
    let page = |starts: i64, ends: i64, lines: Value| {
        json!({"object": "page", "has_more": false, "next_page": null,
            "data": [{"object": "bucket", "start_time": starts, "end_time": ends, "results": lines}]})
    };
    let (day, night) = (1_793_923_200, 1_794_006_000);
    let of_day = page(day, day + 86_400, json!([line])).to_string();
    assert!(agrees(&place, &of_day, &[]).ends_with("(usage of completions of OpenAI)\n"));
    let pages =
        json!([page(day, day + 3600, json!([])), page(night, night + 3600, json!([line]))]).to_string();
    agrees(&place, &pages, &[]);
    agrees(&place, &pages, &["--time-zone", "Asia/Tokyo"]);
    let said = refused(&place, &of_day, &["--time-zone", "Asia/Tokyo"]);
    assert!(
        said.contains("is not within one day (Asia/Tokyo): export by the day (UTC), or by the hour"),
        "{said}"
    );
    let cut = of_day.replace("\"has_more\":false", "\"has_more\":true");
    assert!(refused(&place, &cut, &[]).ends_with("put all pages into one array"));

    let sheet = "start_time,end_time,start_time_iso,end_time_iso,project_id,num_model_requests,user_id,api_key_id,model,batch,\
        service_tier,input_tokens,output_tokens,input_cached_tokens,input_cache_write_tokens\n\
        1793836800,1793923200,2026-11-05T00:00:00+00:00,2026-11-06T00:00:00+00:00,,,,,,,,,,,\n\
        1793923200,1794009600,2026-11-06T00:00:00+00:00,2026-11-07T00:00:00+00:00,p,1.0,u,k,gpt-x,FALSE,default,112.0,20.0,5.0,7.0\n";
    assert!(agrees(&place, sheet, &[]).ends_with("(usage CSV of OpenAI)\n"));
}

#[test]
fn what_is_no_export_is_refused_with_what_is_needed() {
    let place = place();
    let said = refused(&place, "date,model_name,tokens\n2026-11-05,claude-x,1\n", &[]);
    assert_eq!(
        said,
        "error: export: not an export that is known. Its columns are: date, model_name, tokens. Needed are those of \
         Anthropic's usage CSV (usage_date_utc, model_version, usage_input_tokens_no_cache, usage_output_tokens, ...), of its \
         cost CSV (usage_date_utc, model, token_type, cost_usd), of OpenAI's usage CSV (start_time, end_time, model, \
         input_tokens, output_tokens, ...), or day, model and at least one of input_tokens, output_tokens, \
         cache_write_tokens, cache_write_5m_tokens, cache_write_1h_tokens, cache_read_tokens, cost"
    );
    for (export, expected) in [
        ("{\"object\": \"list\"}", "not an export that is known: needed is a page of Anthropic's usage"),
        ("{\"data\": [], \"has_more\": false}", "the export has no usage in it"),
        ("day,model,cost\n", "the export has no usage: say --from-time"),
        (
            "day,model,cost\n2026-11-05,claude-x,1\n2026-11-05,claude-x,a lot\n",
            "line 3: cost: `a lot` is not a decimal number",
        ),
        ("day,model,input_tokens\n5 Nov,claude-x,1\n", "line 2: `5 Nov` is not a day such as 2026-11-27"),
        ("day,model,input_tokens\n2026-11-05,claude-x,1.5\n", "line 2: input_tokens: `1.5` is not a count"),
    ] {
        let said = refused(&place, export, &[]);
        assert!(said.contains(expected), "{said}");
    }
    let turned = refused(&place, PLAIN, &["--to-time", "2026-11-01"]);
    assert!(turned.ends_with("no day is from 2026-11-05 on and before 2026-11-01"), "{turned}");
    assert!(refused(&place, PLAIN, &["--to-time", "2030-01-01"]).contains("more than 400 days"));
    let missing = place.fails(&["ledger", "reconcile", "--from", "nowhere.csv"]);
    assert!(missing.starts_with("nowhere.csv: "), "{missing}");
}
