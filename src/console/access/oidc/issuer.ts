/**
 * The issuer that people log in at, found by its metadata (OpenID Connect Discovery) when somebody first needs it: a
 * process starts, and the token opens the console, whether the issuer is there or not.
 *
 * Guarantees: each request ends within ten seconds and 1 MiB and follows no redirect; plain http is for loopback only;
 * metadata of another issuer than the one that is set is refused, also where an authority has one address for many.
 */
import {
  allowInsecureRequests,
  type ClientAuth,
  ClientSecretBasic,
  ClientSecretPost,
  type Configuration,
  type CustomFetchOptions,
  clockTolerance,
  customFetch,
  discovery,
  enableNonRepudiationChecks,
  None,
} from 'openid-client'
import type { OidcConfig } from '../../../config/oidc.ts'
import { MailchuteError } from '../../../errors.ts'
import { readBounded } from '../../../source/oauth/bounded.ts'
import { oidcFailure } from './failure.ts'

export interface Issuer {
  /** Host, with its port where that is not the usual one. */
  readonly host: string
  /** At most an hour old. Rejects with `oidc/unavailable` or `oidc/issuer-wrong`. */
  configuration(): Promise<Configuration>
}

const DEADLINE_SECONDS = 10
const KEPT_MILLISECONDS = 3600_000
/** Between two clocks that are set by NTP there is less. */
const TOLERATED_SECONDS = 60

export function createIssuer(config: OidcConfig, now: () => Date): Issuer {
  const { host } = new URL(config.issuer)
  let kept: { readonly configuration: Configuration; readonly until: number } | null = null
  /** Of all who wait for it at once. */
  let asking: Promise<Configuration> | null = null
  const ask = async () => {
    const configuration = await discover(config, host)
    kept = { configuration, until: now().getTime() + KEPT_MILLISECONDS }
    return configuration
  }
  return {
    host,
    configuration: async () => {
      if (kept !== null && kept.until > now().getTime()) return kept.configuration
      asking ??= ask().finally(() => {
        asking = null
      })
      return await asking
    },
  }
}

async function discover(config: OidcConfig, host: string): Promise<Configuration> {
  const isPlain = config.issuer.startsWith('http:')
  try {
    const configuration = await discovery(
      new URL(config.issuer),
      config.clientId,
      { [clockTolerance]: TOLERATED_SECONDS },
      authenticationOf(config),
      {
        timeout: DEADLINE_SECONDS,
        [customFetch]: fetchBounded,
        // In the code flow TLS would do for a signature (Core section 3.1.3.7); a token says itself who signed it.
        execute: [enableNonRepudiationChecks, ...(isPlain ? [allowInsecureRequests] : [])],
      },
    )
    const { issuer } = configuration.serverMetadata()
    if (new URL(issuer).href === new URL(config.issuer).href) return configuration
    throw new MailchuteError('oidc/issuer-wrong', `${host}: its metadata are those of ${issuer}`)
  } catch (thrown) {
    throw oidcFailure(host, 'discovery', thrown)
  }
}

/** `client_secret_basic` is what a client has whose registration says nothing (Core section 9). */
function authenticationOf({ clientSecret }: OidcConfig): ClientAuth {
  if (clientSecret === null) return None()
  return (server, ...rest) => {
    const known = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic']
    const authenticate = known.includes('client_secret_basic') ? ClientSecretBasic : ClientSecretPost
    authenticate(clientSecret)(server, ...rest)
  }
}

async function fetchBounded(url: string, { method, headers, body, signal }: CustomFetchOptions): Promise<Response> {
  const sent = body === undefined || body === null ? null : String(body)
  const response = await fetch(url, { method, headers, body: sent, redirect: 'manual', signal: signal ?? null })
  const octets = new Uint8Array(await readBounded(response))
  const answered = new Headers(response.headers)
  // Behind the challenge the library would not see the reason; the body is decoded already.
  for (const name of ['www-authenticate', 'content-encoding', 'content-length']) answered.delete(name)
  return new Response(octets.length === 0 ? null : octets, { status: response.status, headers: answered })
}
