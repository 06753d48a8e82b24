//! Who can be asked, and what is the same whatever the configuration.

/// A provider of language models (`Semantic.DefaultProvider`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Provider {
    /// OpenAI's chat completions, and everything that speaks like them.
    OpenAi,
    /// Azure OpenAI and Azure's model inference.
    AzureAi,
    /// Ollama on this or another machine.
    Ollama,
    /// Google's `generateContent`.
    Gemini,
}

impl Provider {
    pub const ALL: [Self; 4] = [Self::OpenAi, Self::AzureAi, Self::Ollama, Self::Gemini];

    /// As it is written in the configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OpenAi => "OpenAi",
            Self::AzureAi => "AzureAi",
            Self::Ollama => "Ollama",
            Self::Gemini => "Gemini",
        }
    }

    /// Where it is unless the configuration says otherwise.
    pub const fn endpoint(self) -> Option<&'static str> {
        match self {
            Self::OpenAi => Some("https://api.openai.com/v1"),
            Self::AzureAi => None,
            Self::Ollama => Some("http://localhost:11434"),
            Self::Gemini => Some("https://generativelanguage.googleapis.com/v1beta"),
        }
    }

    /// The model that is asked unless the configuration says otherwise (OB §14).
    pub const fn model(self) -> &'static str {
        match self {
            Self::OpenAi | Self::AzureAi => "gpt-4o-mini",
            Self::Ollama => "llama3.2",
            Self::Gemini => "gemini-2.0-flash",
        }
    }

    /// Whether it answers nobody without a key.
    pub fn wants_key(self) -> bool {
        self != Self::Ollama
    }
}
