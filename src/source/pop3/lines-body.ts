import type { MailchuteError } from '../../errors.ts'
import type { ReplyBody } from './command.ts'

export interface LineLimits {
  readonly lineOctets: number
  readonly lines: number
  readonly octets: number
}

/** A multi-line reply made of short lines (CAPA, UIDL, LIST), one by one; what is beyond the limits is an error. */
export function linesBody(limits: LineLimits, onLine: (line: string) => void, excess: () => MailchuteError): ReplyBody {
  let beginning = ''
  let lines = 0
  let octetsSoFar = 0
  return {
    take(octets) {
      octetsSoFar += octets.length
      const complete = (beginning + octets.toString('latin1')).split('\r\n')
      beginning = complete.pop() ?? ''
      lines += complete.length
      if (octetsSoFar > limits.octets || lines > limits.lines || beginning.length > limits.lineOctets) throw excess()
      for (const line of complete) {
        if (line.length > limits.lineOctets) throw excess()
        onLine(line)
      }
      return undefined
    },
  }
}
