//! What an audit reports.

use std::fmt;

/// What is wrong, in one word that scripts can compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Code {
    /// A file is not YAML.
    Yaml,
    /// A file holds no object, or several.
    OneObject,
    /// An object breaks the schema of its kind, or its kind has none here.
    Schema,
    /// A placeholder is left.
    Placeholder,
    /// Two files hold the same object.
    Duplicate,
    /// A file or folder that no kustomization lists.
    Orphan,
    /// A kustomization lists a file that is not there.
    MissingFile,
    /// An expected edge is not in the tree.
    MissingEdge,
    /// The tree has an edge that nobody expects.
    ExtraEdge,
    /// A release or Kustomization that nobody expects.
    Unknown,
    /// An expected release or Kustomization is not in the tree.
    Absent,
    /// Objects that wait for one another.
    Cycle,
    /// Somebody waits for an object that is not in the tree.
    Dangling,
    /// Somebody waits for an object of a later tier, which is applied only afterwards.
    TierOrder,
    /// A Namespace is declared twice.
    NamespaceTwice,
    /// A Namespace that every cluster has is declared.
    NamespaceBuiltIn,
    /// A namespace is used that neither the tree nor the cluster has by then.
    NamespaceUndeclared,
    /// A Namespace would be deleted, with all that is in it, together with its file.
    NamespacePrune,
    /// A release does not wait for its objects and does not say why.
    WaitReason,
    /// A ProviderConfig is applied before its Provider has brought its kind.
    ProviderOrder,
    /// A chart that is not there, unsigned or in a range of versions, or a repository's address that
    /// is more than a registry's folder.
    Source,
    /// The tree needs more memory than the servers have, or nobody knows how much.
    Memory,
}

impl Code {
    pub fn name(self) -> &'static str {
        match self {
            Self::Yaml => "yaml",
            Self::OneObject => "one-object",
            Self::Schema => "schema",
            Self::Placeholder => "placeholder",
            Self::Duplicate => "duplicate",
            Self::Orphan => "orphan",
            Self::MissingFile => "missing-file",
            Self::MissingEdge => "missing-edge",
            Self::ExtraEdge => "extra-edge",
            Self::Unknown => "unknown",
            Self::Absent => "absent",
            Self::Cycle => "cycle",
            Self::Dangling => "dangling",
            Self::TierOrder => "tier-order",
            Self::NamespaceTwice => "namespace-twice",
            Self::NamespaceBuiltIn => "namespace-built-in",
            Self::NamespaceUndeclared => "namespace-undeclared",
            Self::NamespacePrune => "namespace-prune",
            Self::WaitReason => "wait-reason",
            Self::ProviderOrder => "provider-order",
            Self::Source => "source",
            Self::Memory => "memory",
        }
    }
}

/// One thing that is wrong. `file` is relative to the folder that was audited.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    pub file: String,
    pub code: Code,
    pub message: String,
}

impl Finding {
    pub(crate) fn new(code: Code, file: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code, file: file.into(), message: message.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}: {}", self.file, self.code.name(), self.message)
    }
}
