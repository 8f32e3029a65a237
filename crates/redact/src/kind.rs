//! What kinds of secrets there are, and the words that stand in the place of one.
//!
//! Apart, because others know these words too: a tool never writes them into a file.

use std::fmt;

/// What a secret is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A key that Tenfold itself was given, for a provider of models or another host.
    ProviderKey,
    /// A private key, or what is left of one.
    PrivateKey,
    /// The name of an AWS key: half of a pair.
    AwsAccessKey,
    /// The other half.
    AwsSecretKey,
    /// Of GitHub.
    GithubToken,
    /// Of GitLab.
    GitlabToken,
    /// Of Slack, web hooks included.
    SlackToken,
    /// Of Stripe.
    StripeKey,
    /// Of OpenAI.
    OpenaiKey,
    /// Of Anthropic.
    AnthropicKey,
    /// Of Google.
    GoogleKey,
    /// Of npm.
    NpmToken,
    /// Of PyPI.
    PypiToken,
    /// Of Hugging Face.
    HuggingFaceToken,
    /// Of a service that is not told from its looks.
    ApiKey,
    /// A JSON web token.
    WebToken,
    /// What stands in a header that says who somebody is.
    Credentials,
    /// A password in an address.
    UrlPassword,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 18] = [
        Self::ProviderKey,
        Self::PrivateKey,
        Self::AwsAccessKey,
        Self::AwsSecretKey,
        Self::GithubToken,
        Self::GitlabToken,
        Self::SlackToken,
        Self::StripeKey,
        Self::OpenaiKey,
        Self::AnthropicKey,
        Self::GoogleKey,
        Self::NpmToken,
        Self::PypiToken,
        Self::HuggingFaceToken,
        Self::ApiKey,
        Self::WebToken,
        Self::Credentials,
        Self::UrlPassword,
    ];

    /// Its name, for people. There is no quote in it, so that a text in quotes stays one.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ProviderKey => "provider key",
            Self::PrivateKey => "private key",
            Self::AwsAccessKey => "AWS access key",
            Self::AwsSecretKey => "AWS secret key",
            Self::GithubToken => "GitHub token",
            Self::GitlabToken => "GitLab token",
            Self::SlackToken => "Slack token",
            Self::StripeKey => "Stripe key",
            Self::OpenaiKey => "OpenAI key",
            Self::AnthropicKey => "Anthropic key",
            Self::GoogleKey => "Google key",
            Self::NpmToken => "npm token",
            Self::PypiToken => "PyPI token",
            Self::HuggingFaceToken => "Hugging Face token",
            Self::ApiKey => "API key",
            Self::WebToken => "JSON web token",
            Self::Credentials => "credentials of a header",
            Self::UrlPassword => "password in a URL",
        }
    }

    /// What stands in the place of such a secret.
    pub fn marker(self) -> String {
        format!("[redacted: {}]", self.name())
    }

    /// The first kind whose marker a text has more often than another has: somebody took the
    /// marker for the text itself.
    pub fn marked_anew(before: &str, after: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| {
            let marker = kind.marker();
            after.matches(&marker).count() > before.matches(&marker).count()
        })
    }
}

/// With its article: "an AWS access key".
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Credentials => write!(f, "the {}", self.name()),
            Self::AwsAccessKey
            | Self::AwsSecretKey
            | Self::OpenaiKey
            | Self::AnthropicKey
            | Self::NpmToken
            | Self::ApiKey => write!(f, "an {}", self.name()),
            _ => write!(f, "a {}", self.name()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_that_a_text_gains_are_found() {
        let marker = Kind::NpmToken.marker();
        assert_eq!(marker, "[redacted: npm token]");
        let twice = format!("{marker} {marker}");
        assert_eq!(Kind::marked_anew("", &marker), Some(Kind::NpmToken));
        assert_eq!(Kind::marked_anew(&marker, &twice), Some(Kind::NpmToken));
        assert_eq!(Kind::marked_anew(&twice, &marker), None);
        assert_eq!(Kind::marked_anew("", "[redacted: something]"), None);
    }

    #[test]
    fn every_kind_has_a_name_of_its_own() {
        let mut names = Kind::ALL.map(Kind::name);
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]));
        assert!(!names.concat().contains(['"', '\'', '`', '\\']));
    }
}
