//! Every family of numbers that a process tells, by its name for ever: what it means, and what
//! its labels are. The guide to observing has the same table.

/// Numbers of one name.
pub(crate) struct Family {
    pub(crate) name: &'static str,
    /// `counter`, `gauge` or `histogram`.
    pub(crate) kind: &'static str,
    /// In the order in which they are written.
    pub(crate) labels: &'static [&'static str],
    pub(crate) help: &'static str,
}

/// All of them. Those that begin with `http_` and `messaging_` have the names of OpenTelemetry's
/// conventions, as Prometheus spells them.
pub(crate) const FAMILIES: &[Family] = &[
    Family {
        name: "process_start_time_seconds",
        kind: "gauge",
        labels: &[],
        help: "Since 1970, when the process was ready to answer.",
    },
    Family {
        name: "process_cpu_seconds_total",
        kind: "counter",
        labels: &[],
        help: "Processor time of the process, in seconds.",
    },
    Family {
        name: "process_resident_memory_bytes",
        kind: "gauge",
        labels: &[],
        help: "Memory of the process that is not swapped out.",
    },
    Family {
        name: "process_open_fds",
        kind: "gauge",
        labels: &[],
        help: "Files and connections that the process has open.",
    },
    Family {
        name: "tidings_build_info",
        kind: "gauge",
        labels: &["version"],
        help: "1, with the version of the program.",
    },
    Family {
        name: "tidings_metrics_complete",
        kind: "gauge",
        labels: &[],
        help: "Whether every database, and every producer elsewhere, has answered.",
    },
    Family {
        name: "http_server_request_duration_seconds",
        kind: "histogram",
        labels: &[
            "http_request_method",
            "http_route",
            "http_response_status_code",
        ],
        help: "How long requests took until their answer began; without a route where nothing is.",
    },
    Family {
        name: "messaging_client_sent_messages_total",
        kind: "counter",
        labels: &[
            "messaging_system",
            "messaging_operation_name",
            "messaging_destination_name",
            "service",
        ],
        help: "Events that were published in this process since it began.",
    },
    Family {
        name: "messaging_client_operation_duration_seconds",
        kind: "histogram",
        labels: &[
            "messaging_system",
            "messaging_operation_name",
            "messaging_destination_name",
            "service",
        ],
        help: "How long the commits took that published events.",
    },
    Family {
        name: "messaging_client_consumed_messages_total",
        kind: "counter",
        labels: &[
            "messaging_system",
            "messaging_operation_name",
            "messaging_destination_name",
            "messaging_consumer_group_name",
            "service",
        ],
        help: "Events that subscriptions here have applied or put aside since the process began.",
    },
    Family {
        name: "messaging_process_duration_seconds",
        kind: "histogram",
        labels: &[
            "messaging_system",
            "messaging_operation_name",
            "messaging_destination_name",
            "messaging_consumer_group_name",
            "service",
        ],
        help: "How long handlers took, for events that commit together.",
    },
    Family {
        name: "tidings_events_published_total",
        kind: "counter",
        labels: &["service", "stream"],
        help: "Events of a stream since it exists.",
    },
    Family {
        name: "tidings_subscription_lag_events",
        kind: "gauge",
        labels: &["service", "subscription", "stream"],
        help: "Events that are not applied yet.",
    },
    Family {
        name: "tidings_subscription_oldest_age_seconds",
        kind: "gauge",
        labels: &["service", "subscription", "stream"],
        help: "How old the oldest event is that is not applied yet; 0 where there is none.",
    },
    Family {
        name: "tidings_subscription_parked_events",
        kind: "gauge",
        labels: &["service", "subscription", "stream"],
        help: "Events that are tried again.",
    },
    Family {
        name: "tidings_subscription_dead_events",
        kind: "gauge",
        labels: &["service", "subscription", "stream"],
        help: "Events that a person must decide about.",
    },
    Family {
        name: "tidings_bus_lag_events",
        kind: "gauge",
        labels: &["bus", "service", "stream"],
        help: "Events that wait for the broker.",
    },
    Family {
        name: "tidings_reader_conflicts_total",
        kind: "counter",
        labels: &["service"],
        help: "Batches that another instance had applied first.",
    },
    Family {
        name: "tidings_instance_slots",
        kind: "gauge",
        labels: &["service", "instance"],
        help: "Slots that an instance reads.",
    },
    Family {
        name: "tidings_jobs",
        kind: "gauge",
        labels: &["service", "kind", "state"],
        help: "Jobs that wait, run or are dead.",
    },
    Family {
        name: "tidings_job_runs_total",
        kind: "counter",
        labels: &["service", "kind", "outcome"],
        help: "Runs of jobs in this process since it began, by how they ended.",
    },
    Family {
        name: "tidings_job_run_duration_seconds",
        kind: "histogram",
        labels: &["service", "kind"],
        help: "How long runs of jobs took.",
    },
    Family {
        name: "tidings_workflows",
        kind: "gauge",
        labels: &["service", "workflow", "state"],
        help: "Runs of workflows that have not ended, by their state.",
    },
    Family {
        name: "tidings_alerts_open",
        kind: "gauge",
        labels: &["service"],
        help: "Alerts that are open.",
    },
    Family {
        name: "tidings_breaker_state",
        kind: "gauge",
        labels: &["from", "to", "state"],
        help: "1 for the state that the breaker is in.",
    },
    Family {
        name: "tidings_calls_total",
        kind: "counter",
        labels: &["from", "to", "outcome"],
        help: "Calls between services, by how they ended.",
    },
    Family {
        name: "tidings_call_tries_total",
        kind: "counter",
        labels: &["from", "to"],
        help: "Requests that calls have sent.",
    },
    Family {
        name: "tidings_calls_in_flight",
        kind: "gauge",
        labels: &["from", "to"],
        help: "Calls that are under way.",
    },
];

#[cfg(test)]
mod tests {
    use super::FAMILIES;

    /// What the guide says of the families, as rows of its table.
    #[test]
    fn the_guide_has_the_same_table() {
        let guide = include_str!("../../../../docs/guides/observing.md");
        for family in FAMILIES {
            let labels: Vec<String> = family.labels.iter().map(|one| format!("`{one}`")).collect();
            let (name, kind, labels) = (family.name, family.kind, labels.join(", "));
            let row = format!("| `{name}` | {kind} | {labels} | {} |", family.help);
            assert!(guide.contains(&row), "the guide lacks this row:\n{row}");
        }
        let rows = guide.lines().filter(|line| {
            let is_family = |kind| line.contains(&format!("` | {kind} | "));
            line.starts_with("| `") && ["counter", "gauge", "histogram"].into_iter().any(is_family)
        });
        assert_eq!(rows.count(), FAMILIES.len());
    }
}
