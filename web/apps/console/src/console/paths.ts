/** The console's pages, by what follows `/console`, in the order of the ways. */
export const consolePaths = ["", "/topics", "/connections", "/inspector", "/presence", "/notifications", "/scheduled", "/streams", "/health", "/settings"] as const;
export type ConsolePath = (typeof consolePaths)[number];
