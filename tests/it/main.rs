//! What routine promises, a file per promise.
#![allow(missing_docs)]
#![allow(
    clippy::assign_op_pattern,
    clippy::async_yields_async,
    clippy::items_after_statements,
    clippy::multiple_bound_locations,
    clippy::needless_question_mark,
    clippy::needless_pass_by_value,
    clippy::never_loop,
    clippy::no_effect,
    clippy::non_minimal_cfg,
    clippy::redundant_async_block,
    clippy::redundant_closure,
    clippy::unused_async,
    reason = "the bodies under test have every shape that a user may write"
)]

mod aborts;
mod again;
mod async_trait;
mod awaits;
mod cron_errors;
mod cron_table;
mod cron_zones;
mod docs;
mod endings;
mod exit;
mod from_go;
mod group_end;
mod group_limit;
mod group_map;
mod group_race;
mod group_ready;
mod group_scope;
mod group_waiting;
mod hard_in_place;
mod hard_started;
mod hooks;
mod hooks_under_load;
mod in_place;
mod inherited;
mod inline_bodies;
mod inline_forms;
mod ladder;
mod memory;
mod outside;
mod panic_abort;
mod peers_group;
mod peers_pool;
mod peers_starts;
mod pool_blocking;
mod pool_bounds;
mod pool_close;
mod pool_failures;
mod pool_life;
mod pool_map;
mod pool_map_ends;
mod registry;
mod reports;
mod restart;
mod restart_books;
mod retry;
mod retry_endings;
mod run;
mod schedule_bad_input;
mod schedule_every;
mod schedule_handle;
mod schedule_missed;
mod schedule_once;
mod schedule_overlap;
mod schedule_wall;
mod shutdown;
mod supervisor_dynamic;
mod supervisor_stop;
mod supervisor_strategies;
mod trace;
