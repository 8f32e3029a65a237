//! Whose models others list, and under which names: providers that sell what they make, and a
//! few that sell what nobody else does. What is not here keeps the name that others give it.

use crate::ModelName;

/// A provider, and what others call it.
struct Seller {
    name: &'static str,
    /// The hosts of its addresses, which are for the head of its book.
    hosts: &'static [&'static str],
    litellm: &'static [Listed],
    models_dev: &'static [&'static str],
}

/// How LiteLLM's list names the models of a provider.
struct Listed {
    provider: &'static str,
    /// What stands before the name.
    before: &'static str,
    /// What the name itself begins with; others of the same provider are not meant.
    begins: &'static str,
}

const fn listed(provider: &'static str, before: &'static str, begins: &'static str) -> Listed {
    Listed { provider, before, begins }
}

#[rustfmt::skip]
const SELLERS: &[Seller] = &[
    Seller { name: "ai21", hosts: &["api.ai21.com"], models_dev: &["ai21"],
        litellm: &[listed("ai21", "", "")] },
    Seller { name: "amazon", hosts: &[], models_dev: &[],
        litellm: &[listed("bedrock", "", "amazon."), listed("bedrock_converse", "", "amazon.")] },
    Seller { name: "anthropic", hosts: &["api.anthropic.com"], models_dev: &["anthropic"],
        litellm: &[listed("anthropic", "anthropic/", "")] },
    // Meta's open models have no provider of their own.
    Seller { name: "bedrock", hosts: &[], models_dev: &["amazon-bedrock"],
        litellm: &[listed("bedrock", "", "meta.llama"), listed("bedrock_converse", "", "meta.llama")] },
    Seller { name: "cohere", hosts: &["api.cohere.com", "api.cohere.ai"], models_dev: &["cohere"],
        litellm: &[listed("cohere", "cohere/", ""), listed("cohere_chat", "cohere_chat/", "")] },
    Seller { name: "deepseek", hosts: &["api.deepseek.com"], models_dev: &["deepseek"],
        litellm: &[listed("deepseek", "deepseek/", "")] },
    Seller { name: "google", hosts: &["generativelanguage.googleapis.com"], models_dev: &["google"],
        litellm: &[listed("gemini", "gemini/", ""), listed("palm", "palm/", "")] },
    Seller { name: "groq", hosts: &["api.groq.com"], models_dev: &["groq"],
        litellm: &[listed("groq", "groq/", "")] },
    Seller { name: "meta", hosts: &["api.llama.com"], models_dev: &["llama"],
        litellm: &[listed("meta_llama", "meta_llama/", ""), listed("meta", "meta/", "")] },
    Seller { name: "minimax", hosts: &["api.minimax.io"], models_dev: &["minimax"],
        litellm: &[listed("minimax", "minimax/", "")] },
    Seller { name: "mistral", hosts: &["api.mistral.ai"], models_dev: &["mistral"],
        litellm: &[listed("mistral", "mistral/", "")] },
    Seller { name: "moonshot", hosts: &["api.moonshot.ai"], models_dev: &["moonshotai"],
        litellm: &[listed("moonshot", "moonshot/", "")] },
    Seller { name: "openai", hosts: &["api.openai.com"], models_dev: &["openai"],
        litellm: &[listed("openai", "openai/", ""), listed("text-completion-openai", "", "")] },
    Seller { name: "perplexity", hosts: &["api.perplexity.ai"], models_dev: &["perplexity"],
        litellm: &[listed("perplexity", "perplexity/", "sonar")] },
    Seller { name: "qwen", hosts: &["dashscope-intl.aliyuncs.com"], models_dev: &["alibaba"],
        litellm: &[listed("dashscope", "dashscope/", "qw")] },
    Seller { name: "xai", hosts: &["api.x.ai"], models_dev: &["xai"],
        litellm: &[listed("xai", "xai/", "")] },
    Seller { name: "zai", hosts: &["api.z.ai"], models_dev: &["zai"],
        litellm: &[listed("zai", "zai/", "")] },
];

/// The providers whose books ship with Tenfold, with the hosts of their addresses.
pub fn sellers() -> impl Iterator<Item = (&'static str, &'static [&'static str])> {
    SELLERS.iter().map(|seller| (seller.name, seller.hosts))
}

/// Whether a provider of that list sells this itself, or sells what nobody else does.
pub fn is_sold(name: &ModelName) -> bool {
    let seller = SELLERS.iter().find(|seller| seller.name == name.provider);
    seller
        .is_some_and(|seller| seller.litellm.iter().any(|form| name.model.starts_with(form.begins)))
}

/// Whether there is a book of this provider's that ships.
pub(super) fn is_seller(provider: &str) -> bool {
    SELLERS.iter().any(|seller| seller.name == provider)
}

/// The name of a row of LiteLLM's list.
pub(super) fn of_litellm(provider: &str, key: &str) -> ModelName {
    let forms = SELLERS
        .iter()
        .flat_map(|seller| seller.litellm.iter().map(move |form| (seller.name, form)));
    for (name, form) in forms.filter(|(_, form)| form.provider == provider) {
        let model = key.strip_prefix(form.before).unwrap_or(key);
        if model.starts_with(form.begins) {
            return ModelName { provider: name.to_owned(), model: model.to_owned() };
        }
    }
    let model = key.strip_prefix(provider).and_then(|rest| rest.strip_prefix('/')).unwrap_or(key);
    ModelName { provider: provider.to_owned(), model: model.to_owned() }
}

/// The name of a model of models.dev's.
pub(super) fn of_models_dev(provider: &str, model: &str) -> ModelName {
    let seller = SELLERS.iter().find(|seller| seller.models_dev.contains(&provider));
    let provider = seller.map_or(provider, |seller| seller.name);
    ModelName { provider: provider.to_owned(), model: model.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_model_has_one_name_whoever_lists_it() {
        for (provider, key, name) in [
            ("openai", "gpt-4o", "openai/gpt-4o"),
            ("gemini", "gemini/gemini-2.5-pro", "google/gemini-2.5-pro"),
            ("bedrock_converse", "amazon.nova-pro-v1:0", "amazon/amazon.nova-pro-v1:0"),
            ("bedrock", "meta.llama3-8b-instruct-v1:0", "bedrock/meta.llama3-8b-instruct-v1:0"),
            ("bedrock", "eu.cohere.embed", "bedrock/eu.cohere.embed"),
            ("dashscope", "dashscope/qwen-plus", "qwen/qwen-plus"),
            ("dashscope", "dashscope/glm-5", "dashscope/glm-5"),
            ("azure", "azure/gpt-4o", "azure/gpt-4o"),
        ] {
            assert_eq!(of_litellm(provider, key).to_string(), name);
        }
        assert_eq!(of_models_dev("alibaba", "qwen-plus").to_string(), "qwen/qwen-plus");
        assert_eq!(of_models_dev("vercel", "x").to_string(), "vercel/x");
    }
}
