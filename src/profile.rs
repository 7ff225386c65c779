//! Profiles: the versions of the sidecar images and of the pod template. A Model keeps the profile that its Deployment was made
//! with, so upgrading Modelwright restarts nothing; `spec.profile` moves it.

use crate::list::Listed;
use alloc::vec::Vec;

/// The sidecar images of one template version. References are fully qualified tags; a host's policy may map them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Its name, a DNS label, kept in an annotation of the Deployment.
    pub name: &'static str,
    /// `model-init`: Python with KServe's storage library.
    pub init_image: &'static str,
    /// nginx as a non-root user.
    pub nginx_image: &'static str,
    /// fluent-bit.
    pub fluent_bit_image: &'static str,
    /// goreplay; amd64 only.
    pub gor_image: &'static str,
}

/// Newest last. A profile is never edited once released.
const PROFILES: [Profile; 1] = [FIRST];

const FIRST: Profile = Profile {
    name: "v1",
    init_image: "docker.io/kserve/storage-initializer:v0.20.0",
    nginx_image: "docker.io/nginxinc/nginx-unprivileged:1.28.0",
    fluent_bit_image: "docker.io/fluent/fluent-bit:5.1.1",
    gor_image: "docker.io/buger/goreplay:1.3.3",
};

impl Profile {
    /// What a new Model gets.
    pub fn newest() -> Self {
        let [.., newest] = PROFILES;
        newest
    }

    /// The profile of that name, if this version knows it.
    pub fn by_name(name: &str) -> Option<Self> {
        PROFILES.into_iter().find(|profile| profile.name == name)
    }
}

/// The names of all profiles, oldest first.
pub fn names() -> Vec<&'static str> {
    PROFILES.iter().map(|profile| profile.name).listed()
}
