module mobivate.example/go/mobivate

go 1.19
