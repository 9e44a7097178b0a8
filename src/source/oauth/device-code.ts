/** RFC 8628: for a machine without a browser. Many organisations block it. */
import { initiateDeviceAuthorization, pollDeviceAuthorizationGrant } from 'openid-client'
import type { OAuthClientConfig } from '../../config.ts'
import { MailchuteError } from '../../errors.ts'
import { ask } from './authority.ts'
import { type Grant, grantOf, scopeField } from './grant.ts'

export interface DeviceLogin {
  /** To be typed in at `verificationUri`. */
  readonly userCode: string
  readonly verificationUri: string
  readonly expiresInSeconds: number
  /** Resolves once somebody has; asks as often as the authority allows, until the code ends. */
  finish(signal: AbortSignal): Promise<Grant>
}

export async function beginDeviceLogin(
  client: OAuthClientConfig,
  scope: string,
  signal: AbortSignal,
): Promise<DeviceLogin> {
  if (client.endpoints.device === null) {
    const hint = 'set OAUTH_DEVICE_URL of this mailbox, or log in without --device'
    throw new MailchuteError('config/invalid', 'the authority has no device codes', { hint })
  }
  const { answer } = await ask(client, 'device', signal, (configuration) =>
    initiateDeviceAuthorization(configuration, scopeField(scope)),
  )
  return {
    userCode: answer.user_code,
    verificationUri: answer.verification_uri,
    expiresInSeconds: answer.expires_in,
    finish: (until) => finish(client, answer, until),
  }
}

type Device = Awaited<ReturnType<typeof initiateDeviceAuthorization>>

async function finish(client: OAuthClientConfig, device: Device, signal: AbortSignal): Promise<Grant> {
  const ended = new AbortController()
  const timer = setTimeout(() => ended.abort(tooLate()), device.expires_in * 1000)
  const until = AbortSignal.any([signal, ended.signal])
  try {
    const answered = await ask(
      client,
      'device',
      until,
      (configuration) => promptly(until, pollDeviceAuthorizationGrant(configuration, device, {}, { signal: until })),
      { isPatient: true },
    )
    return grantOf(client, answered)
  } finally {
    clearTimeout(timer)
  }
}

const tooLate = () => new MailchuteError('oauth/login-unfinished', 'the code has ended, nobody typed it in')

/** openid-client looks at the signal only every few seconds while it waits. */
function promptly<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const onAbort = () => reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  return Promise.race([work, promise]).finally(() => signal.removeEventListener('abort', onAbort))
}
