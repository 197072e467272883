package main

import (
	"fmt"
	"strconv"
	"strings"
)

// command is a line of the protocol, taken apart.
type command struct {
	word string
	// numbers are as many as the word wants.
	numbers []int
}

// numbersOf has every word, and how many numbers it wants.
var numbersOf = map[string]int{
	"launch":   0,
	"unary":    3,
	"callback": 1,
	"dial":     1,
	"up":       1,
	"down":     1,
	"items":    1,
	"flood":    1,
}

func parse(line string) (command, error) {
	words := strings.Split(line, " ")
	wanted, ok := numbersOf[words[0]]
	if !ok {
		return command{}, fmt.Errorf("no such command: %q", line)
	}
	if len(words) != 1+wanted {
		return command{}, fmt.Errorf("%s wants %d numbers: %q", words[0], wanted, line)
	}
	parsed := command{word: words[0]}
	for _, word := range words[1:] {
		// No sign, and one bit less for it, so that it is an int.
		number, err := strconv.ParseUint(word, 10, strconv.IntSize-1)
		if err != nil {
			return command{}, fmt.Errorf("%q is no number: %q", word, line)
		}
		parsed.numbers = append(parsed.numbers, int(number))
	}
	return parsed, nil
}
