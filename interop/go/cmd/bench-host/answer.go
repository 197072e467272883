package main

import "time"

// What a line of stdout can be.
type (
	took struct {
		NS time.Duration `json:"ns"`
	}
	launched struct {
		NS  time.Duration `json:"ns"`
		PID int           `json:"pid"`
	}
	absent struct {
		Why string `json:"absent"`
	}
	failed struct {
		Why string `json:"error"`
	}
)

// missing is the error of what a contender has no way to do.
type missing string

func (m missing) Error() string { return string(m) }
