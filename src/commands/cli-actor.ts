import { userInfo } from 'node:os'

/** Who is at the command line, as it stands in events. */
export function cliActor(): string {
  try {
    return `cli:${userInfo().username}`
  } catch {
    // A user without a name, as containers have them.
    return `cli:${process.getuid?.() ?? 'unknown'}`
  }
}
