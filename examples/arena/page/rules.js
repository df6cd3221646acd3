/** What the server and the page both know of the game. */

/** From one state of the game to the next, milliseconds: twenty a second. */
export const tickMs = 50

/** In units of the game, whatever its size on a screen. */
export const field = { width: 1600, height: 1000 }

export const playerRadius = 34
export const coinRadius = 15

/** As many as there are looks to tell them apart; who comes then watches. */
export const maxPlayers = 12
