/** WebSocket close codes that we send or understand. @see RFC 6455 §7.4.1; IANA WebSocket Close Code Number Registry */
export const closeCode = {
  normal: 1000,
  goingAway: 1001,
  protocolError: 1002,
  unsupportedData: 1003,
  noStatus: 1005,
  abnormal: 1006,
  invalidPayload: 1007,
  policyViolation: 1008,
  tooLarge: 1009,
  internalError: 1011,
  tryLater: 1013,
} as const
