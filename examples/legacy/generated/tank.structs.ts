// Made from a C header: do not edit. It is made again, or with --check compared, by what the next line says.
// isthmus schema from-c: {"header":"../tank.h","structs":["tank"]}
import { f32, f64, i16, i64, struct, text, u8, u64 } from '@isthmus/schema';

export const Tank = struct('Tank', {
  tag: text(8), // at 0
  state: u8(), // at 9
  valve: i16(), // at 10
  level: f32(), // at 12
  temperature: f32(), // at 16
  setpoint: f64(), // at 20
  cycles: u64(), // at 28
  updated: i64(), // at 36
}, { description: 'In C struct tank, 44 bytes.', packed: true });
