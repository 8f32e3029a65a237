//! Signing in by a passkey and at a provider, wired: the real program over HTTP, with a device and
//! a provider that a test plays. What each of them refuses is tried where it lives.

use serde_json::{Value, json};
use tenfold_test_support::authenticator::Authenticator;
use tenfold_test_support::oidc::{Lie, OidcProvider};

use crate::ground::Ground;
use crate::page::{Browser, Opened, link};

const PASSKEY: &str = "/api/v1/session/passkey";
const OIDC: &str = "/api/v1/session/oidc";

/// A device of somebody's who looks at this page by the name that a passkey can belong to.
fn device(page: &Opened) -> Authenticator {
    Authenticator::new(&page.address.replace("127.0.0.1", "localhost"), "localhost")
}

/// Has it make a passkey, and adds that.
fn add(owner: &Browser<'_>, device: &mut Authenticator, name: &str) -> (u16, Value) {
    let (status, asked) = owner.post("/passkeys/begin", json!({}));
    assert_eq!(status, 200, "{asked}");
    let credential = device.make(&asked["options"]);
    owner.post("/passkeys", json!({ "name": name, "credential": credential }))
}

/// Shows the passkey of a device.
fn show<'p>(page: &'p Opened, device: &mut Authenticator) -> Result<Browser<'p>, Value> {
    let begin = format!("{PASSKEY}/begin");
    let (_, _, asked) = page.ask("POST", &begin, None, Some(&json!({})));
    let credential = device.show(&asked["options"]);
    let shown = json!({ "credential": credential });
    let (status, cookie, said) = page.ask("POST", PASSKEY, None, Some(&shown));
    match status {
        200 => Ok(Browser { page, cookie: cookie.split(';').next().unwrap().to_owned() }),
        _ => Err(json!([status, said["what"]])),
    }
}

fn refused(shown: Result<Browser<'_>, Value>, why: &str) {
    let said = shown.err().unwrap();
    assert!(said[0] == 403 && said[1].as_str().unwrap().contains(why), "{said}");
}

#[test]
fn a_passkey_lets_its_person_in_until_it_is_removed_and_a_copy_lets_nobody_in() {
    let ground = Ground::new();
    let page = Opened::at(&ground);
    let owner = page.sign_in(&page.link);
    let mut phone = device(&page);
    phone.counter = 1;
    assert_eq!(add(&owner, &mut phone, "phone"), (200, Value::Null));
    let (status, again) = add(&owner, &mut phone, "phone");
    assert_eq!((status, &again["kind"]), (400, &json!("usage")), "{again}");
    let elsewhere = Authenticator::new("http://localhost:1", "localhost");
    assert_eq!(add(&owner, &mut { elsewhere }, "x").0, 403);
    let (_, listed) = owner.get("/passkeys");
    assert_eq!(listed["passkeys"][0]["name"], "phone");
    assert_eq!(listed["passkeys"].as_array().unwrap().len(), 1);
    page.end(&ground);

    let page = Opened::at(&ground);
    assert_eq!(page.link, "", "who has a passkey needs no link");
    phone.origin = page.address.replace("127.0.0.1", "localhost");
    let mut copy = phone.copy();
    let owner = show(&page, &mut phone).unwrap();
    assert_eq!(owner.get("/session").1["person"]["name"], "owner");
    refused(show(&page, &mut copy), "copy of the passkey 'phone'");
    assert_eq!(owner.get("/board").0, 401, "what it opened has ended");
    // Whichever of both counts further: nobody knows whose it is.
    phone.counter += 10;
    refused(show(&page, &mut phone), "copy of the passkey 'phone'");
    let owner = page.sign_in(&link(&ground, "owner"));
    let call = format!("POST {PASSKEY} (copied)");
    let (_, deeds) = owner.get("/deeds");
    let refusals = deeds["deeds"].as_array().unwrap().iter();
    let noted: Vec<&Value> = refusals.filter(|deed| deed["what"] == json!(call)).collect();
    assert_eq!(noted.len(), 2, "{deeds}");
    assert!(noted.iter().all(|deed| deed["refused"] == true && deed["person"] == "owner"));
    assert_eq!(owner.get("/passkeys").1["passkeys"][0]["is_copied"], true);

    let id = owner.get("/passkeys").1["passkeys"][0]["id"].clone();
    let rename = json!({ "want": "rename-passkey", "person": 1, "passkey": id, "name": "old" });
    assert_eq!(owner.post("/people", rename).0, 200);
    assert_eq!(owner.get("/passkeys").1["passkeys"][0]["name"], "old");
    let remove = json!({ "want": "remove-passkey", "person": 1, "passkey": id });
    assert_eq!(owner.post("/people", remove).0, 200);
    refused(show(&page, &mut phone), "lets nobody in");

    // A lost one is taken away in the terminal.
    let mut key = device(&page);
    assert_eq!(add(&owner, &mut key, "key"), (200, Value::Null));
    ground.tenfold(&["people", "passkeys", "owner"]).expect(0, &["key"]);
    let listed = ground.tenfold(&["people", "passkeys", "owner", "--json"]).json();
    assert_eq!((&listed[0]["name"], &listed[0]["is_copied"]), (&json!("key"), &json!(false)));
    let remove = |what: &str| ground.tenfold(&["people", "passkeys", "owner", "--remove", what]);
    remove("phone").expect(4, &["no passkey 'phone'"]);
    let entered = show(&page, &mut key).unwrap();
    remove("key").expect(0, &[]);
    assert_eq!(entered.get("/board").0, 401, "who came in by it is signed out");
    refused(show(&page, &mut key), "lets nobody in");
    page.end(&ground);
}

#[test]
fn who_a_provider_names_comes_in_as_who_is_called_so_here_and_nobody_else_does() {
    let ground = Ground::new();
    let provider = OidcProvider::start();
    std::fs::create_dir_all(ground.path("config")).unwrap();
    let terms = format!(
        "[oidc]\nname = \"Example\"\nissuer = \"{}\"\nclient-id = \"tenfold\"\n\
         secret-file = \"secret\"\n",
        provider.issuer()
    );
    std::fs::write(ground.path("config").join("secret"), provider.secret()).unwrap();
    std::fs::write(ground.path("config").join("sign-in.toml"), terms).unwrap();
    let page = Opened::at(&ground);
    let (_, _, ways) = page.ask("GET", "/api/v1/session/ways", None, None);
    assert_eq!(ways["provider"]["name"], "Example");
    assert_eq!(ways["provider"]["at"], page.address);
    // Goes there and comes back; with the cookie of another browser if it has one.
    let enter = |cookie: Option<&str>| {
        let begin = format!("{OIDC}/begin");
        let (status, kept, said) = page.ask("POST", &begin, None, Some(&json!({})));
        assert_eq!(status, 200, "{said}");
        assert!(kept.contains("SameSite=Strict") && kept.contains("HttpOnly"), "{kept}");
        let (code, state) = provider.consent(said["address"].as_str().unwrap());
        let kept = kept.split(';').next().unwrap();
        let back = json!({ "code": code, "state": state });
        page.ask("POST", OIDC, cookie.or(Some(kept)), Some(&back))
    };
    let (status, _, said) = enter(None);
    assert_eq!(status, 403, "nobody is made by signing in: {said}");
    assert!(said["to_do"].as_str().unwrap().contains("people add ada@example.com"), "{said}");
    let add = ["people", "add", "Ada@example.com", "--access", "viewer"];
    ground.tenfold(&add).expect(0, &[]);
    let (status, cookie, said) = enter(None);
    assert_eq!((status, &said["person"]["access"]), (200, &json!("viewer")), "{said}");
    let cookie = cookie.split(';').next().unwrap().to_owned();
    assert_eq!(Browser { page: &page, cookie }.get("/board").0, 200);

    assert_eq!(enter(Some("tenfold=x")).0, 403, "another browser has not asked for it");
    provider.lies(Lie::Unsigned);
    assert_eq!(enter(None).0, 403);
    provider.lies(Lie::None);
    ground.tenfold(&["people", "remove", "Ada@example.com"]).expect(0, &[]);
    assert_eq!(enter(None).0, 403);
    page.end(&ground);
}
