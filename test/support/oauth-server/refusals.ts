/** What Microsoft's authority answers when it refuses: status, `error` and the number and text of its AADSTS code. */
import { randomUUID } from 'node:crypto'

export interface Refusal {
  readonly status: number
  readonly error: string
  readonly aadsts: number
  readonly text: string
  /** Seconds, for the header Retry-After. */
  readonly retryAfter?: number
}

const refusal = (status: number, error: string, aadsts: number, text: string): Refusal => ({
  status,
  error,
  aadsts,
  text,
})

/** The wording is Microsoft's (reference-error-codes and answers quoted in issues). */
export const REFUSALS = {
  secretWrong: refusal(
    401,
    'invalid_client',
    7000215,
    "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app 'mailchute'.",
  ),
  secretExpired: refusal(
    401,
    'invalid_client',
    7000222,
    "The provided client secret keys for app 'mailchute' are expired.",
  ),
  secretMissing: refusal(
    401,
    'invalid_client',
    7000218,
    "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
  ),
  secretUnwanted: refusal(
    401,
    'invalid_client',
    700025,
    "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.",
  ),
  clientUnknown: refusal(
    400,
    'unauthorized_client',
    700016,
    "Application with identifier 'mailchute' was not found in the directory 'Contoso'.",
  ),
  tenantUnknown: refusal(
    400,
    'invalid_request',
    90002,
    "Tenant 'nowhere' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud.",
  ),
  revoked: refusal(
    400,
    'invalid_grant',
    50173,
    'The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have changed or reset their password.',
  ),
  unused: refusal(400, 'invalid_grant', 700082, 'The refresh token has expired due to inactivity.'),
  unconsented: refusal(
    400,
    'invalid_grant',
    65001,
    "The user or administrator has not consented to use the application with ID 'mailchute' named 'Mailchute'.",
  ),
  deviceBlocked: refusal(
    400,
    'invalid_grant',
    53003,
    'Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.',
  ),
  scopeUnknown: refusal(
    400,
    'invalid_scope',
    70011,
    "The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' is not valid.",
  ),
  twoResources: refusal(
    400,
    'invalid_scope',
    28000,
    'Provided value for the input parameter scope is not valid because it contains more than one resource.',
  ),
  codeUsed: refusal(
    400,
    'invalid_grant',
    54005,
    'OAuth2 Authorization code was already redeemed, please retry with a new valid code.',
  ),
  codeUnknown: refusal(400, 'invalid_grant', 9002313, 'Invalid request. Request is malformed or invalid.'),
  verifierWrong: refusal(
    400,
    'invalid_grant',
    501481,
    'The Code_Verifier does not match the code_challenge supplied in the authorization request.',
  ),
  declined: refusal(400, 'access_denied', 65004, 'User declined to consent to access the app.'),
  devicePending: refusal(
    400,
    'authorization_pending',
    70016,
    'OAuth 2.0 device flow error. Authorization is pending. Continue polling.',
  ),
  deviceSlowDown: refusal(400, 'slow_down', 70016, 'Polling too often.'),
  deviceDeclined: refusal(400, 'authorization_declined', 70018, 'The end user denied the authorization request.'),
  deviceExpired: refusal(
    400,
    'expired_token',
    70020,
    'The provided value for the device_code is not valid, it has expired.',
  ),
  throttled: {
    ...refusal(
      429,
      'temporarily_unavailable',
      50196,
      'The server terminated an operation because it encountered a client request loop.',
    ),
    retryAfter: 17,
  },
  down: {
    ...refusal(503, 'temporarily_unavailable', 90033, 'A transient error has occurred. Please try again.'),
    retryAfter: 5,
  },
  malformed: refusal(
    400,
    'invalid_request',
    900144,
    "The request body must contain the following parameter: 'grant_type'.",
  ),
} as const satisfies Record<string, Refusal>

export function bodyOf({ error, aadsts, text }: Refusal, now: Date) {
  const [traceId, correlationId] = [randomUUID(), randomUUID()]
  const timestamp = `${now.toISOString().slice(0, 19).replace('T', ' ')}Z`
  return {
    error,
    error_description: `AADSTS${aadsts}: ${text} Trace ID: ${traceId} Correlation ID: ${correlationId} Timestamp: ${timestamp}`,
    error_codes: [aadsts],
    timestamp,
    trace_id: traceId,
    correlation_id: correlationId,
    error_uri: `https://login.microsoftonline.com/error?code=${aadsts}`,
  }
}
