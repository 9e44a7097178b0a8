/** What an authority remembers: codes, device codes and refresh tokens, and what each of them is good for. */
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { REFUSALS, type Refusal } from './refusals.ts'

export interface Code {
  readonly redirectUri: string
  readonly challenge: string
  isUsed: boolean
}

export interface Device {
  readonly userCode: string
  state: 'pending' | 'approved' | 'declined' | 'expired'
  /** Polls seen so far. */
  polls: number
}

export interface Grants {
  readonly devices: Map<string, Device>
  /** Whatever nobody may see: codes, tokens and what came with them. */
  readonly secrets: Set<string>
  issueCode(redirectUri: string, challenge: string): string
  redeemCode(code: string, redirectUri: string, verifier: string): Refusal | null
  issueDevice(): { deviceCode: string; userCode: string }
  redeemDevice(deviceCode: string): Refusal | null
  issueRefreshToken(): string
  isGood(refreshToken: string): boolean
  revoke(refreshToken: string): void
  revokeAll(): void
}

export function createGrants(): Grants {
  const codes = new Map<string, Code>()
  const devices = new Map<string, Device>()
  const refreshTokens = new Map<string, boolean>()
  const secrets = new Set<string>()
  const secret = (prefix: string) => {
    const made = `${prefix}${randomBytes(48).toString('base64url')}`
    secrets.add(made)
    return made
  }
  return {
    devices,
    secrets,
    issueCode: (redirectUri, challenge) => {
      const code = secret('0.AXcode-')
      codes.set(code, { redirectUri, challenge, isUsed: false })
      return code
    },
    redeemCode: (code, redirectUri, verifier) => redeem(codes.get(code), redirectUri, verifier),
    issueDevice: () => {
      const deviceCode = secret('DAQdevice-')
      const userCode = randomUUID().slice(0, 8).toUpperCase()
      devices.set(deviceCode, { userCode, state: 'pending', polls: 0 })
      return { deviceCode, userCode }
    },
    redeemDevice: (deviceCode) => pollDevice(devices.get(deviceCode)),
    issueRefreshToken: () => {
      const token = secret('0.AXrefresh-')
      refreshTokens.set(token, true)
      return token
    },
    isGood: (token) => refreshTokens.get(token) === true,
    revoke: (token) => refreshTokens.set(token, false),
    revokeAll: () => {
      for (const token of refreshTokens.keys()) refreshTokens.set(token, false)
    },
  }
}

function redeem(code: Code | undefined, redirectUri: string, verifier: string): Refusal | null {
  if (code === undefined || code.redirectUri !== redirectUri) return REFUSALS.codeUnknown
  if (code.isUsed) return REFUSALS.codeUsed
  // RFC 7636 section 4.6.
  if (createHash('sha256').update(verifier).digest('base64url') !== code.challenge) return REFUSALS.verifierWrong
  code.isUsed = true
  return null
}

const DEVICE_REFUSALS = {
  pending: REFUSALS.devicePending,
  declined: REFUSALS.deviceDeclined,
  expired: REFUSALS.deviceExpired,
  approved: null,
}

function pollDevice(device: Device | undefined): Refusal | null {
  if (device === undefined) return REFUSALS.codeUnknown
  device.polls += 1
  return DEVICE_REFUSALS[device.state]
}
