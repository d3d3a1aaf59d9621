// The horizons of a record that the page of a ticker offers, in trading days.

export const HORIZONS = ["5", "10", "20", "60"];
