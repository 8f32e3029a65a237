//! An authenticator for tests: what a browser and the device with the passkey answer together, as
//! WebAuthn has it. Each of its fields can be made to lie.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// A person is there.
const PRESENT: u8 = 1;
/// It has seen that it is their own person.
const VERIFIED: u8 = 1 << 2;
/// It may be on several devices.
const SYNCED: u8 = 1 << 3;
/// The public key is behind.
const WITH_KEY: u8 = 1 << 6;

/// One passkey, on a device, behind a browser.
pub struct Authenticator {
    key: EcdsaKeyPair,
    id: Vec<u8>,
    handle: Value,
    /// The origin of the page that the browser is on.
    pub origin: String,
    /// The name that the passkey belongs to.
    pub rp: String,
    /// How often it says that it has signed before; it counts up where this is not 0.
    pub counter: u32,
    /// Whether it has seen that it is its own person.
    pub verifies: bool,
    /// Whether it says that it may be on several devices.
    pub is_synced: bool,
}

impl Authenticator {
    /// One without a passkey yet, on a page of this origin, for this name.
    ///
    /// # Panics
    /// If no key can be made.
    pub fn new(origin: &str, rp: &str) -> Self {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).expect("a key");
        let id = digest(&SHA256, key.public_key().as_ref()).as_ref().to_vec();
        let (origin, rp) = (origin.to_owned(), rp.to_owned());
        let (handle, counter) = (Value::Null, 0);
        Self { key, id, handle, origin, rp, counter, verifies: true, is_synced: false }
    }

    /// A second device with the same passkey, which counts for itself.
    ///
    /// # Panics
    /// If the key can't be copied.
    pub fn copy(&self) -> Self {
        let key = self.key.to_pkcs8v1().expect("its key");
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, key.as_ref());
        Self {
            key: key.expect("the same key"),
            id: self.id.clone(),
            handle: self.handle.clone(),
            origin: self.origin.clone(),
            rp: self.rp.clone(),
            ..*self
        }
    }

    /// Makes the passkey that `options` ask for.
    pub fn make(&mut self, options: &Value) -> Value {
        self.handle = options["user"]["id"].clone();
        let said = self.said("webauthn.create", options);
        let mut data = self.data(WITH_KEY);
        data.extend([0; 16]);
        data.extend(u16::try_from(self.id.len()).unwrap_or(u16::MAX).to_be_bytes());
        data.extend(&self.id);
        let point = self.key.public_key().as_ref();
        data.extend([0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32]);
        data.extend(&point[1..33]);
        data.extend([0x22, 0x58, 32]);
        data.extend(&point[33..65]);
        let mut object = vec![0xa3, 0x63];
        object.extend(b"fmt\x64none\x67attStmt\xa0\x68authData\x58");
        object.push(u8::try_from(data.len()).expect("it is short"));
        object.extend(data);
        json!({
            "id": text(&self.id), "rawId": text(&self.id), "type": "public-key",
            "authenticatorAttachment": "platform", "clientExtensionResults": {},
            "response": {
                "clientDataJSON": text(&said), "attestationObject": text(&object),
                "transports": ["internal"],
            },
        })
    }

    /// Shows the passkey to whoever asks for it by `options`.
    ///
    /// # Panics
    /// If nothing can be signed.
    pub fn show(&mut self, options: &Value) -> Value {
        if self.counter != 0 {
            self.counter += 1;
        }
        let said = self.said("webauthn.get", options);
        let data = self.data(0);
        let mut signed = data.clone();
        signed.extend(digest(&SHA256, &said).as_ref());
        let signature = self.key.sign(&SystemRandom::new(), &signed).expect("a signature");
        json!({
            "id": text(&self.id), "rawId": text(&self.id), "type": "public-key",
            "authenticatorAttachment": "platform", "clientExtensionResults": {},
            "response": {
                "clientDataJSON": text(&said), "authenticatorData": text(&data),
                "signature": text(signature.as_ref()), "userHandle": self.handle,
            },
        })
    }

    /// What the browser says of the page that asks.
    fn said(&self, what: &str, asked: &Value) -> Vec<u8> {
        let Self { origin, .. } = self;
        let challenge = &asked["challenge"];
        format!(
            r#"{{"type":"{what}","challenge":{challenge},"origin":"{origin}","crossOrigin":false}}"#
        )
        .into_bytes()
    }

    fn data(&self, more: u8) -> Vec<u8> {
        let verified = if self.verifies { VERIFIED } else { 0 };
        let synced = if self.is_synced { SYNCED } else { 0 };
        let mut data = digest(&SHA256, self.rp.as_bytes()).as_ref().to_vec();
        data.push(PRESENT | verified | synced | more);
        data.extend(self.counter.to_be_bytes());
        data
    }
}

fn text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
