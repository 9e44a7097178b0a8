/**
 * What the words of authorities mean. Microsoft's numbers say more than its words, and may change
 * (https://login.microsoftonline.com/error tells each): what is not listed goes by the word of RFC 6749 and RFC 8628.
 */
import type { ErrorCode } from '../../errors.ts'

/** What was asked for: the same word of an authority means another thing each time. */
export type Step = 'login' | 'device' | 'refresh' | 'application' | 'clock'

export interface Reason {
  readonly error: string
  /** The number of Microsoft's AADSTS code. */
  readonly aadsts: number | null
  readonly description: string
}

export function codeOf({ error, aadsts }: Reason, step: Step): ErrorCode {
  const known = (aadsts === null ? undefined : MICROSOFT.get(aadsts)) ?? WORDS.get(error)
  if (known !== undefined) return known
  return NEEDS_SOMEBODY.has(error) ? SOMEBODY[step] : 'oauth/refused'
}

/** Its number says exactly what is wrong. */
export const isCertain = ({ aadsts }: Reason): boolean => aadsts !== null && MICROSOFT.has(aadsts)

/** What a grant that is not good (any more) asks for. */
const NEEDS_SOMEBODY = new Set(['invalid_grant', 'interaction_required', 'login_required'])
const SOMEBODY: Readonly<Record<Step, ErrorCode>> = {
  refresh: 'oauth/login-required',
  login: 'oauth/login-unfinished',
  device: 'oauth/login-unfinished',
  application: 'oauth/refused',
  clock: 'oauth/refused',
}

const WORDS = new Map<string, ErrorCode>([
  ['invalid_client', 'oauth/client-refused'],
  ['unauthorized_client', 'oauth/client-refused'],
  ['consent_required', 'oauth/consent-required'],
  ['invalid_scope', 'oauth/scope-refused'],
  ['invalid_resource', 'oauth/scope-refused'],
  ['invalid_target', 'oauth/scope-refused'],
  ['access_denied', 'oauth/login-unfinished'],
  ['authorization_declined', 'oauth/login-unfinished'],
  ['expired_token', 'oauth/login-unfinished'],
  ['temporarily_unavailable', 'oauth/unavailable'],
  ['server_error', 'oauth/unavailable'],
  ['slow_down', 'oauth/unavailable'],
  // Google's, of too many device codes.
  ['rate_limit_exceeded', 'oauth/unavailable'],
  // Google's, where an administrator has not allowed the application.
  ['admin_policy_enforced', 'oauth/consent-required'],
])

const numbers = (code: ErrorCode, ...aadsts: number[]): [number, ErrorCode][] => aadsts.map((each) => [each, code])

const MICROSOFT = new Map<number, ErrorCode>([
  // Secret wrong, expired, missing, unwanted; application unknown or switched off.
  ...numbers('oauth/client-refused', 7000215, 7000222, 7000216, 7000218, 700025, 700016, 7000112),
  // Unknown or malformed tenant; an application of one tenant under /common; one for personal accounts only.
  ...numbers('oauth/tenant-unknown', 90002, 900023, 50194, 9002331, 9001023),
  // Not consented, an administrator has to, consented for other rights.
  ...numbers('oauth/consent-required', 65001, 90094, 90095, 90008),
  // Conditional Access, device policies, security defaults.
  ...numbers('oauth/flow-blocked', 53000, 53001, 53002, 53003, 53004, 530032, 530034, 530035, 530036),
  // Unknown or mixed scopes, unknown or disabled resource, `.default` missing.
  ...numbers('oauth/scope-refused', 70011, 28000, 28002, 28003, 650053, 650057, 500011, 500014, 1002012),
  // Declined, or the code has ended.
  ...numbers('oauth/login-unfinished', 65004, 70018, 70019, 70020),
  // A fault that passes, throttling.
  ...numbers('oauth/unavailable', 90033, 90055, 50196),
])

/** What is to be done, where it is not what the code says. */
export function hintOf({ aadsts }: Reason, step: Step, code: ErrorCode): string | null {
  if (aadsts === 7000218) return PUBLIC_CLIENT
  if (aadsts === 700025) return 'the app registration is a public client: remove OAUTH_CLIENT_SECRET'
  if (code === 'oauth/flow-blocked' && step !== 'device') return BLOCKED
  return null
}

const PUBLIC_CLIENT =
  'in the app registration switch on "Allow public client flows" (Authentication), or make a secret and set OAUTH_CLIENT_SECRET'
const BLOCKED =
  'a policy of the organisation (Conditional Access, security defaults) blocks this login: its administrator has to exempt the application or the account'
