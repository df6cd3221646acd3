/** What the process ends with. The same list stands in `tidings --help`. */
export const exitCode = {
  ok: 0,
  /** It was tried and did not work. */
  failure: 1,
  /** Nothing was tried: the command line or a setting makes no sense. */
  usage: 2,
  channelUnknown: 3,
  /** Ctrl-C before the work was done, or a second time while it was being ended. */
  interrupted: 130,
} as const

export const exitCodesHelp = `
Exit codes:
  0    done; also a --follow that Ctrl-C ended
  1    it was tried and did not work; the reason is on stderr
  2    the command line or a setting makes no sense; nothing was done
  3    there is no such channel
  130  Ctrl-C before it was done`

/** The same, for the help of each command. */
export const exitCodesLine = `
Exit codes: 0 done, 1 failed, 2 usage, 3 no such channel, 130 interrupted ("tidings --help" says more).`
