//! `[server]`, `[storage]`, `[runtime]` and `[limits]`.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use ipnet::IpNet;

use crate::tls::{TlsError, TlsFiles};

use super::section::Section;
use super::{AdminToken, Durability, Limits, RuntimeConfig, ServerConfig, StorageConfig, Tier};

pub(super) fn server(section: &mut Section<'_>, folder: &Path) -> Option<ServerConfig> {
    let listen = address(section, "listen", "127.0.0.1:8080");
    let admin_listen = address(section, "admin_listen", "127.0.0.1:9090");
    if listen.is_some() && listen == admin_listen && listen.is_some_and(|at| at.port() != 0) {
        section.mistake("admin_listen", "the address of listen", "another address");
    }
    if let Some(at) = admin_listen
        && !at.ip().is_loopback()
        && !section.has("admin_tls")
    {
        let expected = "an address of this machine alone, like \"127.0.0.1:9090\", or [server.admin_tls] \
                        beside it";
        section.mistake("admin_listen", &at.to_string(), expected);
    }
    let admin_token = admin_token(section);
    let compression = section.boolean("compression", true);
    let origins = section.texts("allowed_origins");
    let mut trusted_proxies = Some(Vec::new());
    for (path, text) in section.texts("trusted_proxies") {
        let network = text
            .parse()
            .or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        match (network, &mut trusted_proxies) {
            (Ok(network), Some(proxies)) => proxies.push(network),
            (Ok(_), None) => {}
            (Err(_), _) => {
                let expected = "an address like \"10.0.0.1\" or a network like \"10.0.0.0/8\"";
                section
                    .mistakes()
                    .add(&path, &format!("{text:?}"), expected);
                trusted_proxies = None;
            }
        }
    }
    let proxy_protocol = section.boolean("proxy_protocol", false);
    if proxy_protocol == Some(true) && trusted_proxies.as_ref().is_some_and(Vec::is_empty) {
        let expected = "false, or trusted_proxies that speak it";
        section.mistake("proxy_protocol", "true", expected);
    }
    let admin_tls = tls(section, "admin_tls", folder);
    let tls = tls(section, "tls", folder);
    section.finish();
    Some(ServerConfig {
        listen: listen?,
        admin_listen: admin_listen?,
        admin_token: admin_token?,
        compression: compression?,
        allowed_origins: origins
            .into_iter()
            .map(|(_, text)| text.to_owned())
            .collect(),
        trusted_proxies: trusted_proxies?,
        proxy_protocol: proxy_protocol?,
        admin_tls: admin_tls?,
        tls: tls?,
    })
}

/// The certificate, where there is one; read once to see that it is good.
fn tls(section: &mut Section<'_>, name: &'static str, folder: &Path) -> Option<Option<TlsFiles>> {
    if !section.has(name) {
        return Some(None);
    }
    let mut section = section.section(name);
    let certificate = section.needed_text("certificate", "the path of a PEM");
    let key = section.needed_text("key", "the path of a PEM");
    section.finish();
    let files = TlsFiles {
        certificate: folder.join(certificate?),
        key: folder.join(key?),
    };
    let (name, found, expected) = match files.read() {
        Ok(_) => return Some(Some(files)),
        Err(TlsError::Certificate(found)) => (
            "certificate",
            found,
            "a readable PEM with a chain, the server's own first",
        ),
        Err(TlsError::Key(found)) => (
            "key",
            found,
            "a readable PEM with the certificate's private key",
        ),
    };
    section.mistake(name, &found, expected);
    None
}

/// The operator's token, where there is one.
fn admin_token(section: &mut Section<'_>) -> Option<Option<AdminToken>> {
    if !section.has("admin_token") {
        return Some(None);
    }
    let token = AdminToken::new(section.text("admin_token")?);
    if token.is_none() {
        let expected = "at least 32 visible ASCII characters";
        section.mistake("admin_token", "something else (hidden)", expected);
    }
    token.map(Some)
}

fn address(section: &mut Section<'_>, key: &'static str, default: &str) -> Option<SocketAddr> {
    let text = if section.has(key) {
        section.text(key)?
    } else {
        default
    };
    let address = text.parse().ok();
    if address.is_none() {
        section.wrong_text(key, text, "an address and a port like \"127.0.0.1:8080\"");
    }
    address
}

pub(super) fn storage(section: &mut Section<'_>) -> Option<StorageConfig> {
    let data_dir = section.text("data_dir").map(PathBuf::from);
    let durability = match section.text("durability") {
        None if section.has("durability") => None,
        None | Some("sync") => Some(Durability::Sync),
        Some("os") => Some(Durability::Os),
        Some("none") => Some(Durability::None),
        Some(other) => {
            section.wrong_text("durability", other, "one of sync, os, none");
            None
        }
    };
    let segment_mib = section.integer("segment_mib", 64, 1..=1_024);
    let min_free_mib = section.integer("min_free_mib", 256, 1..=u32::MAX);
    let snapshot_every = section.integer("snapshot_every", 1_000_000, 1_000..=1_000_000_000);
    section.finish();
    Some(StorageConfig {
        data_dir,
        durability: durability?,
        segment_mib: segment_mib?,
        min_free_mib: min_free_mib?,
        snapshot_every: snapshot_every?,
    })
}

pub(super) fn runtime(section: &mut Section<'_>) -> Option<RuntimeConfig> {
    let matcher_threads = if section.has("matcher_threads") {
        section.needed_integer("matcher_threads", 1..=256).map(Some)
    } else {
        Some(None)
    };
    let shards = if section.has("shards") {
        section.needed_integer("shards", 1..=256).map(Some)
    } else {
        Some(None)
    };
    let spin = section.boolean("spin", false);
    section.finish();
    Some(RuntimeConfig {
        matcher_threads: matcher_threads?,
        shards: shards?,
        spin: spin?,
    })
}

pub(super) fn limits(section: &mut Section<'_>) -> Option<Limits> {
    let mut count = |key, default: u32| section.integer(key, default, 1..=10_000_000);
    let connections_per_user = count("connections_per_user", 5);
    let messages_per_second = count("messages_per_second", 50);
    let subscriptions_per_connection = count("subscriptions_per_connection", 20);
    let order_commands_per_minute = count("order_commands_per_minute", 100);
    let cancels_per_minute = count("cancels_per_minute", 300);
    let connections_per_address = count("connections_per_address", 100);
    let handshakes_per_second_per_address = count("handshakes_per_second_per_address", 20);
    let messages_per_second_per_address = count("messages_per_second_per_address", 500);
    let rate_strikes = count("rate_strikes", 10);
    let replay_events = count("replay_events", 10_000);
    let history = count("history", 100_000);
    let recent_trades = section.integer("recent_trades", 50, 1..=1_000);
    let message_bytes = section.integer("message_bytes", 65_536, 1_024..=65_536);
    // Less, and a message of that size could never come.
    let least = message_bytes.unwrap_or(65_536);
    let mut bytes = |key, default: u32| section.integer(key, default, least..=1 << 30);
    let bytes_per_second = bytes("bytes_per_second", 512 << 10);
    let bytes_per_second_per_address = bytes("bytes_per_second_per_address", 4 << 20);
    let outbox_bytes = section.integer("outbox_bytes", 1 << 20, 65_536..=1 << 30);
    let mut millis = |key, default: u64| section.integer(key, default, 10..=3_600_000);
    let ping_interval_ms = millis("ping_interval_ms", 15_000);
    let idle_timeout_ms = millis("idle_timeout_ms", 45_000);
    let handshake_timeout_ms = millis("handshake_timeout_ms", 10_000);
    let stats_interval_ms = millis("stats_interval_ms", 60_000);
    if let (Some(ping), Some(idle)) = (ping_interval_ms, idle_timeout_ms)
        && idle <= ping
    {
        let expected = format!("more than ping_interval_ms, {ping}");
        section.mistake("idle_timeout_ms", &idle.to_string(), &expected);
    }
    let tiers = tiers(section);
    section.finish();
    Some(Limits {
        connections_per_user: connections_per_user?,
        messages_per_second: messages_per_second?,
        subscriptions_per_connection: subscriptions_per_connection?,
        order_commands_per_minute: order_commands_per_minute?,
        cancels_per_minute: cancels_per_minute?,
        tiers: tiers?,
        connections_per_address: connections_per_address?,
        handshakes_per_second_per_address: handshakes_per_second_per_address?,
        messages_per_second_per_address: messages_per_second_per_address?,
        bytes_per_second: bytes_per_second?,
        bytes_per_second_per_address: bytes_per_second_per_address?,
        rate_strikes: rate_strikes?,
        message_bytes: message_bytes?,
        outbox_bytes: outbox_bytes?,
        ping_interval_ms: ping_interval_ms?,
        idle_timeout_ms: idle_timeout_ms?,
        handshake_timeout_ms: handshake_timeout_ms?,
        stats_interval_ms: stats_interval_ms?,
        replay_events: replay_events?,
        history: history?,
        recent_trades: recent_trades?,
    })
}

fn tiers(section: &mut Section<'_>) -> Option<Vec<Tier>> {
    let mut tiers = Some(Vec::new());
    for (name, mut section) in section.named_sections("tiers") {
        let mut count = |key| section.needed_integer(key, 1..=10_000_000);
        let orders = count("order_commands_per_minute");
        let cancels = count("cancels_per_minute");
        let messages = count("messages_per_second");
        section.finish();
        let tier = orders
            .zip(cancels)
            .zip(messages)
            .map(|((orders, cancels), messages)| Tier {
                name: Box::from(name),
                order_commands_per_minute: orders,
                cancels_per_minute: cancels,
                messages_per_second: messages,
            });
        tiers = tiers.zip(tier).map(|(mut tiers, tier)| {
            tiers.push(tier);
            tiers
        });
    }
    tiers
}
