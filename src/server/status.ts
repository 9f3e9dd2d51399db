/**
 * What each error code means in HTTP. The only place that knows; a new code needs its status here.
 */
import type { ErrorCode } from "../base/errors.ts";

export const httpStatus: Readonly<Record<ErrorCode, number>> = {
  json_invalid: 400,
  request_invalid: 400,
  event_invalid: 400,
  event_type_unknown: 400,
  step_unknown: 400,
  context_disabled: 400,
  state_invalid: 400,
  value_not_json: 400,
  unauthorized: 401,
  origin_forbidden: 403,
  route_not_found: 404,
  workflow_not_found: 404,
  handler_not_found: 404,
  method_not_allowed: 405,
  handler_active: 409,
  handler_finished: 409,
  key_conflict: 422,
  body_too_large: 413,
  host_forbidden: 421,
  start_failed: 500,
  store_failed: 500,
  internal: 500,
  // These do not reach a caller as such: they end a start, a step or a run.
  definition_invalid: 500,
  config_invalid: 500,
  event_undeclared: 500,
  key_reused: 500,
  wait_timed_out: 500,
  step_ended: 500,
  run_failed: 500,
  store_conflict: 500,
  start_repeated: 500,
  store_unavailable: 503,
  store_locked: 503,
  lease_lost: 503,
  streams_full: 503,
  shutting_down: 503,
};
