/** Who vouches for the From address of a mail, and how far that is to be trusted. */

/**
 * `verified`: a domain that the From address belongs to has vouched for it (DMARC passes, or a signature of that domain).
 * `unverified`: nobody has, and its domain asks nobody to refuse such mail. `failed`: its domain says that such mail is
 * not its own (DMARC fails). `unknown`: it could not be found out.
 */
export type Trust = 'verified' | 'unverified' | 'failed' | 'unknown'

/** RFC 8601 section 2.7. */
export type AuthResult =
  | 'none'
  | 'pass'
  | 'fail'
  | 'softfail'
  | 'policy'
  | 'neutral'
  | 'temperror'
  | 'permerror'
  | 'bestguesspass'

export interface Authenticity {
  readonly trust: Trust
  /** Stable code of what decided the trust, like `dmarc/pass` or `authenticity/no-dns`. */
  readonly reason: string
  /** Whose word it is: the receiving server's (a trusted Authentication-Results), our own look, or nobody's. */
  readonly by: 'provider' | 'dns' | 'nobody'
  readonly spf: AuthResult | null
  readonly dkim: AuthResult | null
  readonly dmarc: AuthResult | null
  readonly arc: AuthResult | null
}

export const NOT_LOOKED_AT: Authenticity = {
  trust: 'unknown',
  reason: 'authenticity/not-asked',
  by: 'nobody',
  spf: null,
  dkim: null,
  dmarc: null,
  arc: null,
}
