import { Problem } from '@tidings/protocol'

export function methodNotAllowed(allow: string): Problem {
  return new Problem('method-not-allowed', `Use one of ${allow}.`, { allow })
}
