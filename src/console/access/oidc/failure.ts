/** What goes wrong in a login by OpenID Connect, as one of our errors. Holds no code, token or secret (I9). */
import { AuthorizationResponseError, ClientError, ResponseBodyError } from 'openid-client'
import { type ErrorCode, MailchuteError } from '../../../errors.ts'
import { isPassing, networkTrouble, reason } from '../../../source/oauth/failure.ts'

/** What the issuer was asked for: its metadata, or somebody's login. */
export type Step = 'discovery' | 'login'

/** `host` is the issuer's. The cause goes no further: it may quote tokens. */
export function oidcFailure(host: string, step: Step, thrown: unknown): MailchuteError {
  if (thrown instanceof MailchuteError) return thrown
  const [code, what] = told(step, thrown)
  return new MailchuteError(code, `${host}: ${what}`)
}

function told(step: Step, thrown: unknown): [ErrorCode, string] {
  if (thrown instanceof AuthorizationResponseError) return ofWords(thrown, ofRedirect)
  if (thrown instanceof ResponseBodyError) return ofWords(thrown, isPassing(thrown.status) ? unavailable : ofToken)
  if (thrown instanceof ClientError) return ofClient(step, thrown)
  // What the library cannot decode is its own kind of TypeError; all others are the network's.
  const isOfNetwork = !String((thrown as { code?: unknown } | null)?.code).startsWith('ERR_')
  return isOfNetwork
    ? ['oidc/unavailable', networkTrouble(thrown)]
    : ['oidc/token-invalid', 'its answer cannot be read']
}

type Worded = AuthorizationResponseError | ResponseBodyError

function ofWords({ error, error_description }: Worded, codeOf: (error: string) => ErrorCode): [ErrorCode, string] {
  const { error: word, aadsts } = reason(error, typeof error_description === 'string' ? error_description : '')
  return [codeOf(word), aadsts === null ? word : `AADSTS${aadsts} ${word}`]
}

const unavailable = (): ErrorCode => 'oidc/unavailable'

/** RFC 6749 section 4.1.2.1 and OpenID Connect Core section 3.1.2.6. */
function ofRedirect(error: string): ErrorCode {
  if (error === 'server_error' || error === 'temporarily_unavailable') return 'oidc/unavailable'
  return CLIENTS_FAULT.has(error) ? 'oidc/client-refused' : 'oidc/login-unfinished'
}

const CLIENTS_FAULT = new Set(['invalid_request', 'unauthorized_client', 'unsupported_response_type', 'invalid_scope'])

/** RFC 6749 section 5.2. `invalid_grant`: the code was used before, or has ended. */
const ofToken = (error: string): ErrorCode =>
  error === 'invalid_grant' ? 'oidc/login-unfinished' : 'oidc/client-refused'

function ofClient(step: Step, { code = '', cause, message }: ClientError): [ErrorCode, string] {
  if (code === 'OAUTH_TIMEOUT') return ['oidc/unavailable', 'no answer in time']
  if (cause instanceof Response) {
    const isWrong = step === 'discovery' && cause.status < 500 && !isPassing(cause.status)
    return [isWrong ? 'oidc/issuer-wrong' : 'oidc/unavailable', `HTTP status ${cause.status}, or no JSON`]
  }
  // The words are the library's own; what was compared stands in the cause of the cause.
  const words = (cause instanceof Error ? cause.message : message).replace(/[^\x20-\x7e]+/g, ' ').slice(0, 120)
  if (step === 'discovery') return ['oidc/issuer-wrong', words]
  return ['oidc/token-invalid', `not valid: ${words}`]
}
