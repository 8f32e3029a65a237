//! A provider of OpenID Connect for tests, on loopback: it says of one person that it is them, and
//! lies as it is told to. What it sends is written out by hand, since no library would send it.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// What it does not tell as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lie {
    /// Nothing.
    None,
    /// The token was asked for by somebody else, at another time.
    Nonce,
    /// There is no nonce in it at all.
    NoNonce,
    /// Another provider says so.
    Issuer,
    /// It is said to another program.
    Audience,
    /// It is said to another program, too.
    MoreAudiences,
    /// It was true a while ago.
    Expired,
    /// Nobody signs it: `alg` is `none`.
    Unsigned,
    /// It is signed by a secret that everybody knows, the public key: `alg` is `HS256`.
    Symmetric,
    /// Somebody else signs it, by the name of its own key.
    OtherKey,
    /// Somebody else signs it, by a name of their own.
    UnknownKey,
    /// What it says was changed after it was signed.
    Changed,
    /// It has not looked whether the e-mail address is theirs.
    Unverified,
    /// It says nothing of whether it has.
    NotSaidVerified,
    /// It knows no e-mail address.
    NoEmail,
    /// There is no token.
    NoToken,
}

/// A provider, as long as the process lives.
pub struct OidcProvider {
    issuer: String,
    shared: Arc<Mutex<Shared>>,
}

struct Shared {
    key: EcdsaKeyPair,
    /// The name of the key.
    kid: u32,
    lie: Lie,
    email: String,
    client: String,
    secret: String,
    /// Who has said yes, by their codes.
    codes: HashMap<String, HashMap<String, String>>,
    /// The paths that were asked for.
    asked: Vec<String>,
}

fn key() -> EcdsaKeyPair {
    EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key")
}

impl OidcProvider {
    /// One that knows `ada@example.com`, and a program `tenfold` with a secret.
    ///
    /// # Panics
    /// If nothing can be listened at.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let issuer = format!("http://{}", listener.local_addr().expect("its address"));
        let shared = Arc::new(Mutex::new(Shared {
            key: key(),
            kid: 1,
            lie: Lie::None,
            email: "ada@example.com".to_owned(),
            client: "tenfold".to_owned(),
            secret: "a secret of theirs".to_owned(),
            codes: HashMap::new(),
            asked: Vec::new(),
        }));
        let (told, to) = (issuer.clone(), Arc::clone(&shared));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let _ = answer(&stream, &told, &to);
            }
        });
        Self { issuer, shared }
    }

    /// Its address.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// What the program shows to it.
    pub fn secret(&self) -> String {
        self.shared().secret.clone()
    }

    /// Has it lie so from now on.
    pub fn lies(&self, lie: Lie) {
        self.shared().lie = lie;
    }

    /// Gives it another key.
    pub fn rotate(&self) {
        let mut shared = self.shared();
        shared.key = key();
        shared.kid += 1;
    }

    /// How often it was asked for this path.
    pub fn asked(&self, path: &str) -> usize {
        self.shared().asked.iter().filter(|asked| *asked == path).count()
    }

    /// The person says yes at the address that their browser was sent to; answered with the code
    /// and the state that it is sent back with.
    ///
    /// # Panics
    /// If this is none of its addresses, or lacks what has to be there.
    pub fn consent(&self, address: &str) -> (String, String) {
        let query = address.strip_prefix(&self.issuer).expect("its own");
        let asked = read_form(query.strip_prefix("/authorize?").expect("the right one"));
        assert_eq!(asked["response_type"], "code");
        assert_eq!(asked["code_challenge_method"], "S256");
        assert!(asked["scope"].contains("openid"));
        let mut shared = self.shared();
        assert_eq!(asked["client_id"], shared.client);
        let code = format!("code {}", shared.asked.len() + shared.codes.len());
        let state = asked["state"].clone();
        shared.codes.insert(code.clone(), asked);
        (code, state)
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Answers one request, and closes.
fn answer(stream: &TcpStream, issuer: &str, shared: &Mutex<Shared>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let (mut first, mut length, mut basic) = (String::new(), 0, String::new());
    reader.read_line(&mut first)?;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let (name, value) = line.trim().split_once(':').unwrap_or_default();
        match name.to_ascii_lowercase().as_str() {
            "" => break,
            "content-length" => length = value.trim().parse().unwrap_or(0),
            "authorization" => value.trim().clone_into(&mut basic),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
    let (status, said) = match path.as_str() {
        "/.well-known/openid-configuration" => (200, about(issuer)),
        "/keys" => (200, shared.keys()),
        "/token" => {
            let form = read_form(&String::from_utf8_lossy(&body));
            match shared.token(issuer, &form, &basic) {
                Some(said) => (200, said),
                None => (400, json!({ "error": "invalid_grant" })),
            }
        }
        _ => (404, json!({})),
    };
    shared.asked.push(path);
    let said = said.to_string();
    let mut stream = stream;
    write!(
        stream,
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\nconnection: close\r\n\
         content-length: {}\r\n\r\n{said}",
        said.len()
    )
}

fn about(issuer: &str) -> Value {
    json!({
        "issuer": issuer, "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"), "jwks_uri": format!("{issuer}/keys"),
        "response_types_supported": ["code"], "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
    })
}

impl Shared {
    fn keys(&self) -> Value {
        let point = self.key.public_key().as_ref();
        json!({ "keys": [{
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256",
            "kid": self.kid.to_string(), "x": text(&point[1..33]), "y": text(&point[33..65]),
        }] })
    }

    /// What whoever has a code is told, once, if they show what they said when they asked for it.
    fn token(
        &mut self,
        issuer: &str,
        form: &HashMap<String, String>,
        basic: &str,
    ) -> Option<Value> {
        let asked = self.codes.remove(form.get("code")?)?;
        let verifier = digest(&SHA256, form.get("code_verifier")?.as_bytes());
        let secret = format!("{}:{}", self.client, self.secret.replace(' ', "+"));
        let secret = base64::engine::general_purpose::STANDARD.encode(secret);
        let fits = text(verifier.as_ref()) == asked["code_challenge"]
            && form.get("redirect_uri") == asked.get("redirect_uri")
            && basic == format!("Basic {secret}");
        let mut said = json!({ "access_token": "theirs", "token_type": "Bearer" });
        if self.lie != Lie::NoToken {
            said["id_token"] = self.signed(issuer, &asked["nonce"]).into();
        }
        fits.then_some(said)
    }

    fn claims(&self, issuer: &str, nonce: &str) -> Value {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let mut claims = json!({
            "iss": issuer, "aud": self.client, "sub": "7", "nonce": nonce,
            "iat": now, "exp": now + 300, "email": self.email, "email_verified": true,
        });
        let (field, value) = match self.lie {
            Lie::Nonce => ("nonce", "of another time".into()),
            Lie::Issuer => ("iss", "https://example.com".into()),
            Lie::Audience => ("aud", "another".into()),
            Lie::MoreAudiences => ("aud", json!([self.client, "another"])),
            Lie::Expired => ("exp", (now - 1).into()),
            Lie::Unverified => ("email_verified", false.into()),
            Lie::NoNonce => ("nonce", Value::Null),
            Lie::NotSaidVerified => ("email_verified", Value::Null),
            Lie::NoEmail => ("email", Value::Null),
            _ => return claims,
        };
        claims[field] = value;
        if let Some(claims) = claims.as_object_mut() {
            claims.retain(|_, value| !value.is_null());
        }
        claims
    }

    fn signed(&self, issuer: &str, nonce: &str) -> String {
        let kid = if self.lie == Lie::UnknownKey { 0 } else { self.kid };
        let alg = match self.lie {
            Lie::Unsigned => "none",
            Lie::Symmetric => "HS256",
            _ => "ES256",
        };
        let head = json!({ "alg": alg, "kid": kid.to_string(), "typ": "JWT" });
        let claims = self.claims(issuer, nonce);
        let said = format!("{}.{}", text(head.to_string().as_bytes()), text(&bytes(&claims)));
        let by = |key: &EcdsaKeyPair| {
            let signature = key.sign(&SystemRandom::new(), said.as_bytes()).expect("a signature");
            text(signature.as_ref())
        };
        let signature = match self.lie {
            Lie::Unsigned => String::new(),
            Lie::Symmetric => {
                use aws_lc_rs::hmac;
                let key = hmac::Key::new(hmac::HMAC_SHA256, self.key.public_key().as_ref());
                text(hmac::sign(&key, said.as_bytes()).as_ref())
            }
            Lie::OtherKey | Lie::UnknownKey => by(&key()),
            _ => by(&self.key),
        };
        if self.lie == Lie::Changed {
            let mut other = claims;
            other["email"] = "owner@example.com".into();
            let head = said.split('.').next().unwrap_or_default();
            return format!("{head}.{}.{signature}", text(&bytes(&other)));
        }
        format!("{said}.{signature}")
    }
}

fn bytes(value: &Value) -> Vec<u8> {
    value.to_string().into_bytes()
}

fn text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The fields of a form, or of a query.
fn read_form(form: &str) -> HashMap<String, String> {
    let pairs = form.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), plain(value))).collect()
}

/// What was written with `%` and `+`.
fn plain(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits: Vec<u8> = rest.by_ref().take(2).collect();
                let digits = String::from_utf8_lossy(&digits);
                u8::from_str_radix(&digits, 16).unwrap_or(b'?')
            }
            byte => byte,
        });
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
