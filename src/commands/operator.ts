import { userInfo } from 'node:os'

/** Who acts on the command line, as events name them. */
export function cliActor(): string {
  try {
    return `cli:${userInfo().username}`
  } catch {
    // A container may run as a number that no user has.
    return `cli:${process.getuid?.() ?? 'unknown'}`
  }
}
