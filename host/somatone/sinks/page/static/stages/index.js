// The stages by the names that a piece may say.

import { Correlations } from "./correlations/stage.js";
import { TwosAndSevens } from "./twos_and_sevens/stage.js";

export const STAGES = { correlations: Correlations, twos_and_sevens: TwosAndSevens };
