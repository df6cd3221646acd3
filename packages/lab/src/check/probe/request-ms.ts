/** How long a plain request may take, milliseconds: an answer that stays away for so long does not come. */
export const requestMs = 30_000
